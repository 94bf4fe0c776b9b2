import { open, readFile, rename, rm, truncate } from 'node:fs/promises';
import type { FileCalls } from '../disk/file-calls.js';
import { filterFileOf, indexFileOf } from '../format/file-names.js';
import { INDEX_TAILS_REMEMBERED_MAX } from '../limits.js';
import type { IndexedFile } from './block-index.js';
import { EntryTable } from './entry-table.js';
import {
  encodeEntry,
  encodeIndexHeader,
  entryBytes,
  EntryView,
  HEADER_BYTES,
  type IndexedBlock,
} from './index-layout.js';
import { undefinedIfMissing } from './missing-file.js';

/** Where an index ends. */
interface Tail {
  readonly entries: number;
  /** Of the data file. */
  readonly end: number;
  /** Of the file of filters. */
  readonly filterEnd: number;
}

const EMPTY: Tail = { entries: 0, end: 0, filterEnd: 0 };

/** Reads and writes index files. Calls for one file must not overlap. */
export class IndexStore {
  /** Of files that were written lately, so that an append reads nothing. */
  private readonly tails = new Map<string, Tail>();
  private readonly calls: FileCalls;

  constructor(calls: FileCalls) {
    this.calls = calls;
  }

  /** The entries that are right, from the first on; what is behind them is cut off. Undefined: there is no index of this file. */
  async load(file: IndexedFile): Promise<EntryTable | undefined> {
    const path = indexFileOf(file.path);
    const bytes = await readFile(path).catch(undefinedIfMissing);
    if (!bytes || !isHeaderOf(file, bytes)) return undefined;
    const table = new EntryTable(file.stream);
    table.push(bytes.subarray(HEADER_BYTES));
    const length = HEADER_BYTES + table.length * entryBytes(file.stream);
    if (length < bytes.length) await truncate(path, length);
    this.remember(file.path, {
      entries: table.length,
      end: table.end,
      filterEnd: table.length === 0 ? 0 : table.entry(table.length - 1).filterEnd,
    });
    return table;
  }

  /**
   * Adds blocks that begin where the index ends; entries from there on are cut off. Without an index that reaches so far, only
   * the first blocks of the file begin one. Resolves to the entries that were added; undefined: none.
   */
  async append(file: IndexedFile, blocks: readonly IndexedBlock[]): Promise<Buffer | undefined> {
    const start = blocks[0].offset;
    const tail = start === 0 ? EMPTY : await this.tailAt(file, start);
    if (tail?.end !== start) return undefined;
    let filterEnd = tail.filterEnd;
    const entries: Buffer[] = [];
    for (const block of blocks) {
      entries.push(encodeEntry(block, file.stream, filterEnd));
      filterEnd += block.filter.length;
    }
    const added = Buffer.concat(entries);
    const filters = Buffer.concat(blocks.map(({ filter }) => filter));
    this.tails.delete(file.path);
    const path = indexFileOf(file.path);
    const entriesAt =
      tail.entries === 0
        ? { path, offset: 0, bytes: Buffer.concat([encodeIndexHeader(file), added]) }
        : { path, offset: HEADER_BYTES + tail.entries * entryBytes(file.stream), bytes: added };
    const filtersAt = { path: filterFileOf(file.path), offset: tail.filterEnd, bytes: filters };
    await this.calls.write(filters.length > 0 ? [filtersAt, entriesAt] : [entriesAt]);
    const last = blocks[blocks.length - 1];
    this.remember(file.path, {
      entries: tail.entries + blocks.length,
      end: last.offset + last.length,
      filterEnd,
    });
    return added;
  }

  /** Where the index ends as far as is remembered. */
  endOf(path: string): number | undefined {
    return this.tails.get(path)?.end;
  }

  forget(path: string): void {
    this.tails.delete(path);
  }

  async remove(path: string): Promise<void> {
    this.tails.delete(path);
    await rm(indexFileOf(path), { force: true });
    await rm(filterFileOf(path), { force: true });
  }

  /** In this order, no index ever names filters of another file. */
  async rename(from: string, to: string): Promise<void> {
    const tail = this.tails.get(from);
    this.tails.delete(from);
    await this.remove(to);
    await rename(filterFileOf(from), filterFileOf(to)).catch(undefinedIfMissing);
    await rename(indexFileOf(from), indexFileOf(to)).catch(undefinedIfMissing);
    if (tail) this.remember(to, tail);
  }

  /** The index as it is when it ends at `start`, or before. */
  private async tailAt(file: IndexedFile, start: number): Promise<Tail | undefined> {
    const known = this.tails.get(file.path);
    if (known && known.end <= start) return known;
    const handle = await open(indexFileOf(file.path), 'r+').catch(undefinedIfMissing);
    if (!handle) return undefined;
    try {
      const header = Buffer.alloc(HEADER_BYTES);
      await handle.read(header, 0, HEADER_BYTES, 0);
      if (!isHeaderOf(file, header)) return undefined;
      const size = entryBytes(file.stream);
      const entry = new EntryView(Buffer.alloc(size), 0, file.stream);
      const found = Math.floor(((await handle.stat()).size - HEADER_BYTES) / size);
      for (let entries = found; entries > 0; entries--) {
        await handle.read(entry.bytes, 0, size, HEADER_BYTES + (entries - 1) * size);
        if (!entry.isRight()) return undefined;
        if (entry.end > start) continue;
        await handle.truncate(HEADER_BYTES + entries * size);
        return { entries, end: entry.end, filterEnd: entry.filterEnd };
      }
      return undefined;
    } finally {
      await handle.close();
    }
  }

  private remember(path: string, tail: Tail): void {
    this.tails.delete(path);
    this.tails.set(path, tail);
    if (this.tails.size <= INDEX_TAILS_REMEMBERED_MAX) return;
    for (const [oldest] of this.tails) {
      this.tails.delete(oldest);
      break;
    }
  }
}

function isHeaderOf(file: IndexedFile, bytes: Buffer): boolean {
  return bytes.subarray(0, HEADER_BYTES).equals(encodeIndexHeader(file));
}
