import { SLAB_BYTES_MAX, SLAB_BYTES_MIN, SLAB_PAGE_BYTES } from '../limits.js';

type Slab = Uint8Array<ArrayBuffer>;

/** An ArrayBuffer, and the slabs of one size that it is cut into: each ArrayBuffer takes 300 bytes of its own. */
interface Page {
  readonly slabBytes: number;
  readonly bytes: number;
  readonly free: Slab[];
  /** Slabs that are taken. */
  used: number;
}

/**
 * Memory for rows, used again: the garbage collector runs for each 64 MiB of buffers that are made, however few are alive. Sizes are
 * powers of two; what is larger than the largest is not kept.
 */
export class Slabs {
  private readonly bytesMax: number;
  private readonly pageOf = new WeakMap<ArrayBuffer, Page>();
  /** Pages that have a free slab, by its size. */
  private readonly open = new Map<number, Set<Page>>();
  /** Pages of which nothing is taken. */
  private readonly idle = new Set<Page>();
  /** Bytes of all pages: no more than `bytesMax`, unless more is taken. */
  bytes = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  /** So many bytes, or more, with anything in them. */
  take(bytes: number): Slab {
    // Unlike new Uint8Array, not filled with zeros first.
    if (bytes > SLAB_BYTES_MAX || this.bytesMax === 0) return Buffer.allocUnsafeSlow(bytes);
    let size = SLAB_BYTES_MIN;
    while (size < bytes) size *= 2;
    const [page = this.makePage(size)] = this.open.get(size) ?? [];
    const slab = page.free.pop();
    if (!slab) throw new Error('BUG: an open page has no free slab');
    page.used++;
    this.idle.delete(page);
    if (page.free.length === 0) this.open.get(size)?.delete(page);
    return slab;
  }

  /** Nobody may use it any more. */
  give(slab: Slab): void {
    const page = this.pageOf.get(slab.buffer);
    if (!page) return;
    page.free.push(slab);
    this.open.get(page.slabBytes)?.add(page);
    this.leave(page);
  }

  /** Somebody may go on using it for as long as they like. */
  forget(slab: Slab): void {
    const page = this.pageOf.get(slab.buffer);
    if (page) this.leave(page);
  }

  private leave(page: Page): void {
    page.used--;
    if (page.used > 0) return;
    this.idle.add(page);
    if (page.free.length === 0 || this.bytes > this.bytesMax) this.drop(page);
  }

  private drop(page: Page): void {
    this.idle.delete(page);
    this.open.get(page.slabBytes)?.delete(page);
    this.bytes -= page.bytes;
  }

  private makePage(slabBytes: number): Page {
    const bytes = Math.max(slabBytes, SLAB_PAGE_BYTES);
    for (const idle of this.idle) {
      if (this.bytes + bytes <= this.bytesMax) break;
      this.drop(idle);
    }
    const { buffer } = Buffer.allocUnsafeSlow(bytes);
    const page: Page = { slabBytes, bytes, free: [], used: 0 };
    for (let at = 0; at < bytes; at += slabBytes) page.free.push(new Uint8Array(buffer, at, slabBytes));
    this.pageOf.set(buffer, page);
    this.bytes += bytes;
    const open = this.open.get(slabBytes);
    if (open) open.add(page);
    else this.open.set(slabBytes, new Set([page]));
    return page;
  }
}
