import { FileSnapshot } from '../read/file-snapshot.js';
import { scanPlain } from '../read/plain-lines.js';
import { checkpointOf } from '../read/turns.js';
import type { FileFacts } from './job-table.js';

/** Goes over the lines of ours behind what is known of a plain file, and stops at the first that is not as it should be. */
export async function readPlainTail(path: string, known: FileFacts): Promise<FileFacts> {
  const file = FileSnapshot.openSync(path, undefined);
  let facts = known;
  if (!(file instanceof FileSnapshot)) return facts;
  try {
    for await (const found of scanPlain(
      file,
      known.length,
      checkpointOf(() => undefined),
    )) {
      if (found.kind === 'damage' || !found.ordinals || !found.isEnded) break;
      const { start, end, ordinals, rows, contentBytes, timeMin, timeMax } = found;
      if (start !== facts.length || ordinals[0] <= facts.lastOrdinal) break;
      const isFirst = facts.rows === 0n;
      facts = {
        length: end,
        rows: facts.rows + BigInt(rows),
        contentBytes: facts.contentBytes + contentBytes,
        timeMin: isFirst || timeMin < facts.timeMin ? timeMin : facts.timeMin,
        timeMax: isFirst || timeMax > facts.timeMax ? timeMax : facts.timeMax,
        lastOrdinal: ordinals[ordinals.length - 1],
      };
    }
    return facts;
  } finally {
    await file.close();
  }
}
