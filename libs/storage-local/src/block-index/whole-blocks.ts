import { crc32c } from '@joblet/wal';
import type { FileVersion } from '../read/byte-source.js';
import type { Checkpoint } from '../read/turns.js';
import type { DataBytes } from './describe-member.js';
import type { CachedIndex } from './index-cache.js';

export function isSameVersion(before: FileVersion, now: FileVersion | undefined): boolean {
  return before.file === now?.file && before.size === now.size && before.changed === now.changed;
}

/** Nobody but the store appends, and it changes nothing of what is there. */
function hasOnlyGrown(before: FileVersion, now: FileVersion | undefined): boolean {
  return before.file === now?.file && before.size < now.size;
}

/**
 * Whether the first `count` blocks are, byte for byte, what was indexed. A file is read once for it (a gigabyte a second), then only what
 * was appended since.
 */
export async function areWhole(
  index: CachedIndex,
  count: number,
  data: DataBytes,
  checkpoint: Checkpoint,
): Promise<boolean> {
  const { table, whole } = index;
  const { version } = data;
  const isKnown = whole && (isSameVersion(whole.version, version) || hasOnlyGrown(whole.version, version));
  const known = isKnown ? whole.length : 0;
  for (let block = known; block < count; block++) {
    await checkpoint();
    const { offset, length, memberCrc32c } = table.entry(block);
    if (crc32c(await data.read(offset, length)) !== memberCrc32c) return false;
  }
  if (version) index.whole = { version, length: Math.max(known, count) };
  return true;
}
