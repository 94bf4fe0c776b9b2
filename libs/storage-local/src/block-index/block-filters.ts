import { open, type FileHandle } from 'node:fs/promises';
import { crc32c } from '@joblet/wal';
import { isMissing } from '../errors.js';
import { FILTERS_AT_ONCE, FILTERS_READ_BYTES_MAX } from '../limits.js';
import type { EntryTable } from './entry-table.js';
import { hasGram } from './filter.js';

/** A filter in memory, as it is stored at `start` of the bytes; undefined: the block has none that can be read. */
type Filter = { readonly bytes: Uint8Array; readonly start: number } | undefined;

/** `hasGram` looks at so many bytes behind a filter. */
const BYTES_BEHIND = 4;

/**
 * The substring filters of one data file. They are kept as far as `reserve` grants their bytes. A filter that cannot be had costs
 * time only: its block can have anything.
 */
export class BlockFilters {
  /** By block; null: known to be none. What is not in it has not been read, or was not kept. */
  private readonly held: (Filter | null)[] = [];
  private readonly path: string;
  private readonly reserve: (bytes: number) => boolean;
  private readonly onDamage: (reason: string) => void;

  /** `path`: of the file of filters. */
  constructor(path: string, reserve: (bytes: number) => boolean, onDamage: (reason: string) => void) {
    this.path = path;
    this.reserve = reserve;
    this.onDamage = onDamage;
  }

  /** Of the first `count` blocks those that can have all grams with these hashes; all whose filter cannot be read. */
  async blocksWith(table: EntryTable, count: number, hashes: Uint32Array): Promise<number[]> {
    const found: number[] = [];
    let file: FileHandle | undefined;
    try {
      for (let block = 0; block < count;) {
        const held = this.held[block];
        if (held !== undefined) {
          if (held === null || hasAll(held, hashes)) found.push(block);
          block++;
          continue;
        }
        const end = this.readEnd(table, block, count);
        if (table.entry(end - 1).filterEnd > table.entry(block).filterOffset) file ??= await this.open();
        for (const filter of await this.load(file, table, block, end)) {
          if (filter === undefined || hasAll(filter, hashes)) found.push(block);
          block++;
        }
      }
    } finally {
      await file?.close();
    }
    return found;
  }

  /** Where the blocks end whose filters are read together with that of `start`. */
  private readEnd(table: EntryTable, start: number, count: number): number {
    const { filterOffset } = table.entry(start);
    let end = start + 1;
    for (; end < count && end - start < FILTERS_AT_ONCE && this.held[end] === undefined; end++) {
      const { filterOffset: next, filterEnd } = table.entry(end);
      if (next < filterOffset || filterEnd - filterOffset > FILTERS_READ_BYTES_MAX) break;
    }
    return end;
  }

  private async open(): Promise<FileHandle | undefined> {
    try {
      return await open(this.path, 'r');
    } catch (error) {
      if (isMissing(error)) this.onDamage(`${this.path} is missing`);
      return undefined;
    }
  }

  private async load(
    file: FileHandle | undefined,
    table: EntryTable,
    from: number,
    to: number,
  ): Promise<Filter[]> {
    const offset = table.entry(from).filterOffset;
    const length = table.entry(to - 1).filterEnd - offset;
    const bytes = new Uint8Array(length + BYTES_BEHIND);
    const bytesRead = await readSome(file, bytes, length, offset);
    const isKept = this.reserve(bytes.length);
    const filters: Filter[] = [];
    for (let block = from; block < to; block++) {
      const { filterOffset, filterLength, filterCrc32c } = table.entry(block);
      const start = filterOffset - offset;
      const end = start + filterLength;
      const isRight = end <= bytesRead && crc32c(bytes.subarray(start, end)) === filterCrc32c;
      const filter = isRight && filterLength > 0 ? { bytes, start } : undefined;
      filters.push(filter);
      if (isKept && (filter || filterLength === 0)) this.held[block] = filter ?? null;
      if (file && !filter && filterLength > 0) {
        this.onDamage(`${this.path} has at byte ${filterOffset} not the filter of block ${block}`);
      }
    }
    return filters;
  }
}

/** How many bytes there were; none of a file that is not open, or that cannot be read. */
async function readSome(
  file: FileHandle | undefined,
  into: Uint8Array,
  length: number,
  offset: number,
): Promise<number> {
  if (!file || length === 0) return 0;
  try {
    return (await file.read(into, 0, length, offset)).bytesRead;
  } catch {
    return 0;
  }
}

function hasAll({ bytes, start }: NonNullable<Filter>, hashes: Uint32Array): boolean {
  for (let i = 0; i < hashes.length; i++) {
    if (!hasGram(bytes, start, hashes[i])) return false;
  }
  return true;
}
