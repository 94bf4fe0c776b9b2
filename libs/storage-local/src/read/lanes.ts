import type { FileSnapshot } from './file-snapshot.js';
import { LANES_MAX, READ_AHEAD_BYTES } from '../limits.js';
import type { Checkpoint } from './turns.js';
import type { ByteRange, Damage, Part } from './member.js';

/** Parts of a file with the ordinals of their rows. */
export interface Unit extends ByteRange {
  readonly firstOrdinal: bigint;
  readonly lastOrdinal: bigint;
  /** False for damage alone: the ordinals are those of the row before it in the file. */
  readonly claimsOrdinals: boolean;
  readonly items: readonly (Part | Damage)[];
}

interface Lane {
  last: Unit;
  readonly items: (Part | Damage)[];
}

/**
 * Sorts the parts of a file so that ordinals ascend. Parts that claim the same ordinals come into lanes of their own,
 * which are merged row by row; of parts that are alike byte for byte, one is enough.
 */
export async function assignLanes(
  file: FileSnapshot,
  units: readonly Unit[],
  checkpoint: Checkpoint,
): Promise<(Part | Damage)[][]> {
  const originals = file.another();
  const lanes: Lane[] = [];
  for (const unit of [...units].sort(byOrdinal)) {
    await checkpoint();
    const original = await laneOfOriginal([originals, file], lanes, unit);
    const free = original ? undefined : lanes.find(({ last }) => goesBehind(unit, last));
    if (original) {
      const { start, end } = original.last;
      original.items.push(leftOut(unit, `a copy of bytes ${start} to ${end} was left out`, 0n));
    } else if (free) {
      free.items.push(...unit.items);
      if (unit.claimsOrdinals) free.last = unit;
    } else if (lanes.length < LANES_MAX) {
      lanes.push({ last: unit, items: [...unit.items] });
    } else {
      lanes[0].items.push(leftOut(unit, 'the ordinals of a member belong to many others'));
    }
  }
  return lanes.map(({ items }) => items);
}

function byOrdinal(a: Unit, b: Unit): number {
  if (a.firstOrdinal !== b.firstOrdinal) return a.firstOrdinal < b.firstOrdinal ? -1 : 1;
  return a.start - b.start;
}

function goesBehind({ firstOrdinal, claimsOrdinals }: Unit, { lastOrdinal }: Unit): boolean {
  return claimsOrdinals ? firstOrdinal > lastOrdinal : firstOrdinal >= lastOrdinal;
}

async function laneOfOriginal(
  files: readonly [FileSnapshot, FileSnapshot],
  lanes: readonly Lane[],
  unit: Unit,
): Promise<Lane | undefined> {
  for (const lane of lanes) {
    const { last } = lane;
    if (!unit.claimsOrdinals || !last.claimsOrdinals) continue;
    if (last.firstOrdinal !== unit.firstOrdinal || last.lastOrdinal !== unit.lastOrdinal) continue;
    if (await hasSameBytes(files, last, unit)) return lane;
  }
  return undefined;
}

/** One file, open twice: each keeps its place. */
async function hasSameBytes(
  [fileA, fileB]: readonly [FileSnapshot, FileSnapshot],
  a: ByteRange,
  b: ByteRange,
): Promise<boolean> {
  const length = a.end - a.start;
  if (length !== b.end - b.start) return false;
  for (let pos = 0; pos < length; pos += READ_AHEAD_BYTES) {
    const size = Math.min(READ_AHEAD_BYTES, length - pos);
    const bytes = await fileA.read(a.start + pos, size);
    if (!bytes.equals(await fileB.read(b.start + pos, size))) return false;
  }
  return true;
}

function leftOut({ start, end }: Unit, problem: string, rows?: bigint): Damage {
  return { kind: 'damage', start, end, problem, ...(rows !== undefined && { rows }) };
}
