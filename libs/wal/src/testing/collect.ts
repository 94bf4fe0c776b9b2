import type { LogHole, LogRecord } from '../segment-scan.js';

/** What a read gives, taken apart. */
export async function collect(
  items: AsyncIterable<LogRecord | LogHole>,
): Promise<{ records: LogRecord[]; holes: LogHole[] }> {
  const records: LogRecord[] = [];
  const holes: LogHole[] = [];
  for await (const item of items) {
    if (item.kind === 'record') records.push(item);
    else holes.push(item);
  }
  return { records, holes };
}

/** 0 to 1, the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
