import { isDeepStrictEqual } from 'node:util';
import { crc32c } from '@joblet/wal';
import type { IndexedFile } from '../block-index/block-index.js';
import { describeMember } from '../block-index/describe-member.js';
import { EntryTable } from '../block-index/entry-table.js';
import { encodeIndexHeader, entryBytes, HEADER_BYTES, isOtherVersion } from '../block-index/index-layout.js';
import { describePlainBlock } from '../block-index/plain-blocks.js';
import { filterFileOf, indexFileOf, isPlainFile } from '../format/file-names.js';
import type { FileSnapshot } from '../read/file-snapshot.js';
import { bytesIn } from './path-problems.js';
import type { FileReport } from './verify-report.js';

export interface IndexCheck {
  readonly index: FileReport['index'];
  /** Of the index as a whole, unless it is a file of it that cannot be read. */
  readonly problem?: string;
  /** Of that file. */
  readonly path?: string;
}

/** The files of an index, read before the data: it is never ahead of it then. */
export interface IndexBytes {
  readonly entries: Buffer;
  readonly filters: Buffer;
}

/** Undefined: there is none. */
export async function readIndex(path: string): Promise<IndexBytes | IndexCheck | undefined> {
  const [entries, filters] = [await bytesIn(indexFileOf(path)), await bytesIn(filterFileOf(path))];
  if (typeof entries === 'string') return { index: 'wrong', path: indexFileOf(path), problem: entries };
  if (typeof filters === 'string') return { index: 'wrong', path: filterFileOf(path), problem: filters };
  return entries && { entries, filters: filters ?? Buffer.alloc(0) };
}

/**
 * Compares all that an index says with what the members say, its filters too. Members that are damaged are not compared: they are
 * a problem of the data.
 */
export async function checkIndex(
  file: IndexedFile,
  data: FileSnapshot,
  found: IndexBytes | IndexCheck | undefined,
): Promise<IndexCheck> {
  if (found === undefined) return { index: 'none' };
  if ('index' in found) return found;
  const { entries, filters } = found;
  const wrong = (problem: string): IndexCheck => ({ index: 'wrong', problem });
  // Readers make it anew.
  if (isOtherVersion(entries)) return { index: 'none' };
  if (!entries.subarray(0, HEADER_BYTES).equals(encodeIndexHeader(file))) {
    return wrong('the index is not of this file, or its header is damaged');
  }
  const table = new EntryTable(file.stream);
  table.push(entries.subarray(HEADER_BYTES));
  if (table.length * entryBytes(file.stream) !== entries.length - HEADER_BYTES) {
    return wrong(`the index is damaged behind its entry ${table.length}`);
  }
  if (table.end > data.size) return wrong(`the index ends at ${table.end}, the data at ${data.size}`);
  for (let block = 0; block < table.length; block++) {
    const entry = table.entry(block);
    const { offset, length, filterOffset, filterLength, filterEnd, filterCrc32c } = entry;
    const described = isPlainFile(file.path)
      ? await describePlainBlock(file, data, offset, offset + length)
      : await describeMember(file, data, offset);
    if (described === undefined) continue;
    if (described.length !== length || !isDeepStrictEqual(described.summary, entry.summary())) {
      return wrong(`entry ${block} of the index, of the block at ${offset}, is not what the block says`);
    }
    const filter = filters.subarray(filterOffset, filterEnd);
    const isFilter =
      filter.length === filterLength && crc32c(filter) === filterCrc32c && filter.equals(described.filter);
    if (!isFilter) return wrong(`the filter of the block at ${offset} is not what the block says`);
  }
  return { index: table.end === data.size ? 'whole' : 'part' };
}
