import type { FileSnapshot } from './file-snapshot.js';
import { READ_AHEAD_BYTES, ZERO_RUN_BYTES, ZERO_TAIL_BYTES } from './limits.js';
import type { ByteRange } from './member.js';

const ZEROS = Buffer.alloc(ZERO_RUN_BYTES);

/** Whether the range has zeros that compressed data does not have. */
export async function hasZeroRun(file: FileSnapshot, { start, end }: ByteRange): Promise<boolean> {
  for (let pos = start; pos < end; pos += READ_AHEAD_BYTES) {
    const length = READ_AHEAD_BYTES + ZERO_RUN_BYTES - 1;
    if ((await file.read(pos, Math.min(length, end - pos))).includes(ZEROS)) return true;
  }
  return false;
}

/** Where the zeros begin that the range ends with; its end when they are few enough to be data. */
export async function zeroTailStart(file: FileSnapshot, { start, end }: ByteRange): Promise<number> {
  let pos = end;
  while (pos > start) {
    const from = Math.max(start, pos - READ_AHEAD_BYTES);
    const bytes = await file.read(from, pos - from);
    let used = bytes.length;
    while (used > 0 && bytes[used - 1] === 0) used--;
    pos = from + used;
    if (used > 0) break;
  }
  return end - pos >= ZERO_TAIL_BYTES ? pos : end;
}
