import { ClassicLevel } from 'classic-level';
import { indexes, records, recordKey } from '../keys.js';
import { indexEntries } from '../record-entries.js';
import { decodeValue } from '../record-value.js';
import { scan } from '../scan.js';

/** What keeps the indexes of a folder that is not open from being those of its records; empty: nothing. */
export async function indexProblems(directory: string): Promise<string[]> {
  const level = new ClassicLevel(directory);
  try {
    const expected = new Map<string, string>();
    for (const [key, value] of await scan(level, records)) {
      const record = decodeValue(key.slice(recordKey('').length), value);
      for (const [entry, summary] of indexEntries(record)) expected.set(entry, summary);
    }
    const problems: string[] = [];
    for (const index of indexes) {
      for (const [key, value] of await scan(level, index)) {
        if (expected.get(key) !== value) problems.push(`${JSON.stringify(key)} is there`);
        expected.delete(key);
      }
    }
    return [...problems, ...[...expected.keys()].map((key) => `${JSON.stringify(key)} is missing`)];
  } finally {
    await level.close();
  }
}
