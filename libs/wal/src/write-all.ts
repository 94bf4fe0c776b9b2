import type { DiskFile } from './disk.js';
import { WRITE_BUFFERS_MAX } from './limits.js';

/** Writes the buffers one behind the other, in as many calls as it takes; `onWritten` is told of each. */
export async function writeAll(
  file: DiskFile,
  buffers: readonly Uint8Array[],
  position: number,
  onWritten: (bytes: number) => void = () => undefined,
): Promise<void> {
  let rest = buffers.filter(({ length }) => length > 0);
  while (rest.length > 0) {
    const written = await file.write(rest.slice(0, WRITE_BUFFERS_MAX), position);
    position += written;
    onWritten(written);
    rest = behind(rest, written);
  }
}

/** What is left of the buffers when so many bytes are written. */
function behind(buffers: readonly Uint8Array[], written: number): Uint8Array[] {
  let index = 0;
  while (index < buffers.length && written >= buffers[index].length) written -= buffers[index++].length;
  const rest = buffers.slice(index);
  if (written > 0) rest[0] = rest[0].subarray(written);
  return rest;
}
