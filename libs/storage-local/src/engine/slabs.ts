import { SLAB_BYTES_MAX, SLAB_BYTES_MIN } from '../limits.js';

/**
 * Memory for rows, used again: the garbage collector runs for each 64 MiB of buffers that are made, however few are alive. Sizes are
 * powers of two; what is larger than the largest is not kept.
 */
export class Slabs {
  private readonly bytesMax: number;
  /** By size. */
  private readonly free = new Map<number, Uint8Array<ArrayBuffer>[]>();
  /** Bytes that wait to be used again. */
  kept = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  /** So many bytes, or more, with anything in them; in an ArrayBuffer of their own. */
  take(bytes: number): Uint8Array<ArrayBuffer> {
    // Unlike new Uint8Array, not filled with zeros first.
    if (bytes > SLAB_BYTES_MAX) return Buffer.allocUnsafeSlow(bytes);
    let size = SLAB_BYTES_MIN;
    while (size < bytes) size *= 2;
    const slab = this.free.get(size)?.pop();
    if (!slab) return Buffer.allocUnsafeSlow(size);
    this.kept -= size;
    return slab;
  }

  /** Nobody may use it any more. */
  give(slab: Uint8Array<ArrayBuffer>): void {
    const size = slab.length;
    if (size < SLAB_BYTES_MIN || size > SLAB_BYTES_MAX || this.kept + size > this.bytesMax) return;
    const free = this.free.get(size);
    if (free) free.push(slab);
    else this.free.set(size, [slab]);
    this.kept += size;
  }
}
