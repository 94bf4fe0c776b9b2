import type { FileHandle } from 'node:fs/promises';
import { partsBehind } from '../disk/file-calls.js';
import { WRITE_BUFFERS_MAX } from '../limits.js';

/** All bytes at `position` and on: a write may take fewer than it was given. Resolves to how many there were. */
export async function writeAll(
  handle: FileHandle,
  parts: readonly Uint8Array[],
  position: number,
): Promise<number> {
  let written = 0;
  for (let rest = parts; rest.length > 0;) {
    const { bytesWritten } = await handle.writev(rest.slice(0, WRITE_BUFFERS_MAX), position + written);
    written += bytesWritten;
    rest = partsBehind(rest, bytesWritten);
  }
  return written;
}
