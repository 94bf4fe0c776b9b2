import { VIEWED_BYTES_MAX } from './limits.js';

/** Keeps the DataView of the bytes asked for last: making one costs as much as a short row, and rows share buffers. */
export class LastView {
  private bytes: Uint8Array = new Uint8Array(0);
  private view = viewOf(this.bytes);

  of(bytes: Uint8Array): DataView {
    if (bytes === this.bytes) return this.view;
    const view = viewOf(bytes);
    if (bytes.buffer.byteLength <= VIEWED_BYTES_MAX) {
      this.bytes = bytes;
      this.view = view;
    }
    return view;
  }
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
