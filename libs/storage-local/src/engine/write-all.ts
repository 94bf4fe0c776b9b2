import type { FileHandle } from 'node:fs/promises';
import { WRITE_BUFFERS_MAX } from '../limits.js';

/** All bytes at `position` and on: a write may take fewer than it was given. Resolves to how many there were. */
export async function writeAll(
  handle: FileHandle,
  parts: readonly Uint8Array[],
  position: number,
): Promise<number> {
  let written = 0;
  for (let first = 0; first < parts.length; first += WRITE_BUFFERS_MAX) {
    let rest = parts.slice(first, first + WRITE_BUFFERS_MAX);
    while (rest.length > 0) {
      let { bytesWritten } = await handle.writev(rest, position + written);
      written += bytesWritten;
      while (rest.length > 0 && bytesWritten >= rest[0].length) {
        bytesWritten -= rest[0].length;
        rest = rest.slice(1);
      }
      if (bytesWritten > 0) rest = [rest[0].subarray(bytesWritten), ...rest.slice(1)];
    }
  }
  return written;
}
