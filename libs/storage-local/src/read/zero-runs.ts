import type { FileSnapshot } from './file-snapshot.js';
import { READ_AHEAD_BYTES, SECTOR_BYTES, ZERO_RUN_BYTES, ZERO_TAIL_BYTES } from '../limits.js';
import type { ByteRange } from './member.js';

const ZEROS = Buffer.alloc(ZERO_RUN_BYTES);
const ZERO_SECTOR = Buffer.alloc(SECTOR_BYTES);

/** Whether the range has zeros that compressed data does not have. */
export async function hasZeroRun(file: FileSnapshot, { start, end }: ByteRange): Promise<boolean> {
  for (let pos = start; pos < end; pos += READ_AHEAD_BYTES) {
    const length = READ_AHEAD_BYTES + ZERO_RUN_BYTES - 1;
    if ((await file.read(pos, Math.min(length, end - pos))).includes(ZEROS)) return true;
  }
  return false;
}

/** Whether a whole sector of the range, at its place on the disk, is zero: it was never written, or was lost. */
export async function hasZeroSector(file: FileSnapshot, { start, end }: ByteRange): Promise<boolean> {
  const first = Math.ceil(start / SECTOR_BYTES) * SECTOR_BYTES;
  for (let pos = first; pos < end; pos += READ_AHEAD_BYTES) {
    const bytes = await file.read(pos, Math.min(READ_AHEAD_BYTES, end - pos));
    for (let at = 0; at + SECTOR_BYTES <= bytes.length; at += SECTOR_BYTES)
      if (bytes.subarray(at, at + SECTOR_BYTES).equals(ZERO_SECTOR)) return true;
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
