import { SLAB_BYTES_MAX, SLAB_BYTES_MIN, SLAB_PAGE_BYTES } from '../limits.js';

type Slab = Uint8Array<ArrayBuffer>;

/** An ArrayBuffer of SLAB_PAGE_BYTES, and the slabs of one size that it is cut into: each ArrayBuffer takes 300 bytes of its own. */
interface Page {
  readonly buffer: ArrayBuffer;
  slabBytes: number;
  free: Slab[];
  /** Slabs that are taken. */
  used: number;
  /** Whether somebody may go on using a part of it. */
  isLent: boolean;
}

/**
 * Memory for rows, used again: the garbage collector runs for so many MiB of buffers that are made, however few are alive. Sizes
 * are powers of two; what is larger than the largest is not kept.
 */
export class Slabs {
  private readonly bytesMax: number;
  private readonly pageOf = new WeakMap<ArrayBuffer, Page>();
  /** Pages that have a free slab, by its size. */
  private readonly open = new Map<number, Set<Page>>();
  /** Pages of which nothing is taken: they can be cut anew. */
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
    const [page = this.cutPage(size)] = this.openPages(size);
    const slab = page.free.pop();
    if (!slab) throw new Error('BUG: an open page has no free slab');
    page.used++;
    this.idle.delete(page);
    if (page.free.length === 0) this.openPages(size).delete(page);
    return slab;
  }

  /** Nobody may use it any more. */
  give(slab: Slab): void {
    const page = this.pageOf.get(slab.buffer);
    if (!page) return;
    page.free.push(slab);
    this.openPages(page.slabBytes).add(page);
    this.leave(page);
  }

  /** Somebody may go on using it for as long as they like. */
  forget(slab: Slab): void {
    const page = this.pageOf.get(slab.buffer);
    if (!page) return;
    page.isLent = true;
    this.leave(page);
  }

  private openPages(slabBytes: number): Set<Page> {
    let pages = this.open.get(slabBytes);
    if (!pages) this.open.set(slabBytes, (pages = new Set()));
    return pages;
  }

  private leave(page: Page): void {
    page.used--;
    if (page.used > 0) return;
    this.idle.add(page);
    if (page.isLent || this.bytes > this.bytesMax) this.drop(page);
  }

  private drop(page: Page): void {
    this.close(page);
    this.bytes -= SLAB_PAGE_BYTES;
  }

  private close(page: Page): void {
    this.idle.delete(page);
    this.openPages(page.slabBytes).delete(page);
  }

  /** An idle page, or else a new one. */
  private cutPage(slabBytes: number): Page {
    let [page] = this.idle;
    if (page) this.close(page);
    else {
      const { buffer } = Buffer.allocUnsafeSlow(SLAB_PAGE_BYTES);
      page = { buffer, slabBytes, free: [], used: 0, isLent: false };
      this.pageOf.set(buffer, page);
      this.bytes += SLAB_PAGE_BYTES;
    }
    page.slabBytes = slabBytes;
    page.free = [];
    for (let at = 0; at < SLAB_PAGE_BYTES; at += slabBytes)
      page.free.push(new Uint8Array(page.buffer, at, slabBytes));
    this.openPages(slabBytes).add(page);
    return page;
  }
}
