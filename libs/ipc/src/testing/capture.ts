import { readFileSync } from 'node:fs';

/** What the Go daemon's own writer sent: 200 log lines, and a metric before every 50th. */
export const capture: Uint8Array = new Uint8Array(
  readFileSync(new URL('../../../../testdata/go/ipc/daemon-v1.bin', import.meta.url)),
);

/** The frames in `bytes`, found in the plainest way. */
export function framesOf(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const frames: Uint8Array[] = [];
  for (let pos = 0; pos < bytes.length;) {
    const end = pos + 4 + view.getUint32(pos);
    frames.push(bytes.subarray(pos + 4, end));
    pos = end;
  }
  return frames;
}
