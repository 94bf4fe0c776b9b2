import type { FileVersion } from '../read/byte-source.js';
import { BlockFilters } from './block-filters.js';
import type { IndexedFile } from './block-index.js';
import type { EntryTable } from './entry-table.js';

/** The first so many blocks of a file, looked at when it had this version. */
export interface SeenBlocks {
  readonly version: FileVersion;
  readonly length: number;
}

/** The index of one file in memory. */
export interface CachedIndex {
  readonly file: IndexedFile;
  readonly table: EntryTable;
  readonly filters: BlockFilters;
  /** Of which data it is known that so many entries agree with it. */
  agreed: SeenBlocks | undefined;
  /** Of which data it is known that so many blocks are, byte for byte, what was indexed. */
  whole: SeenBlocks | undefined;
}

interface Held extends CachedIndex {
  /** What it has reserved. */
  bytes: number;
  /** Of the table, as it is counted in `bytes`. */
  tableBytes: number;
}

/** Indexes in memory within a budget; the least recently used go first. */
export class IndexCache {
  private readonly bytesMax: number;
  private readonly held = new Map<string, Held>();
  private bytes = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  get(path: string): CachedIndex | undefined {
    const held = this.held.get(path);
    if (held) this.touch(path, held);
    return held;
  }

  /** Kept if there is room for it; it can be used either way. `onDamage`: told of the filters, while this is the file's index. */
  add(
    file: IndexedFile,
    table: EntryTable,
    filterPath: string,
    onDamage: (reason: string) => void,
  ): CachedIndex {
    this.delete(file.path);
    const filters = new BlockFilters(
      filterPath,
      (bytes) => this.reserve(index, bytes),
      (reason) => {
        if (this.held.get(file.path) === index) onDamage(reason);
      },
    );
    const index: Held = {
      file,
      table,
      filters,
      agreed: undefined,
      whole: undefined,
      bytes: 0,
      tableBytes: 0,
    };
    this.held.set(file.path, index);
    this.grown(index);
    return index;
  }

  /** To be called when the table of an index may have become larger. */
  grown(index: CachedIndex): void {
    const held = this.held.get(index.file.path);
    if (held !== index) return;
    const more = held.table.byteLength - held.tableBytes;
    if (more === 0) return;
    if (this.reserve(held, more)) held.tableBytes += more;
    else this.delete(index.file.path);
  }

  delete(path: string): void {
    this.bytes -= this.held.get(path)?.bytes ?? 0;
    this.held.delete(path);
  }

  private reserve(index: Held, bytes: number): boolean {
    const { path } = index.file;
    if (this.held.get(path) !== index) return false;
    this.touch(path, index);
    for (const oldest of this.held.keys()) {
      if (this.bytes + bytes <= this.bytesMax || oldest === path) break;
      this.delete(oldest);
    }
    if (this.bytes + bytes > this.bytesMax) return false;
    index.bytes += bytes;
    this.bytes += bytes;
    return true;
  }

  private touch(path: string, held: Held): void {
    this.held.delete(path);
    this.held.set(path, held);
  }
}
