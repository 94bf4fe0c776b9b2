import { open, stat } from 'node:fs/promises';
import { inspectSegment, type LogItem } from '@joblet/wal';
import { EntryView, encodeIndexHeader, entryBytes, HEADER_BYTES } from '../block-index/index-layout.js';
import { decodeEntries, type LogEntry } from '../engine/log-entry.js';
import { RUN_ROW_BYTES } from '../engine/piece-rows.js';
import { readRun, runNumber, type Run } from '../engine/runs.js';
import { toStorageError } from '../errors.js';
import { isPlainFile } from '../format/file-names.js';
import { StorageError } from '@joblet/storage';
import { INDEX_ENTRIES_READ_AT_ONCE } from '../limits.js';
import { FileSnapshot } from '../read/file-snapshot.js';
import { dataBlocks } from './file-blocks.js';
import type { FileBlock } from './verify-report.js';

export interface InspectedFile {
  readonly kind: 'data' | 'index' | 'log' | 'run';
  readonly path: string;
  readonly bytes: number;
  /** What the file says of itself, for a person. */
  readonly about: string;
  /** In the order of the file; to be read once. */
  readonly blocks: AsyncIterable<FileBlock>;
}

const MAGIC_BYTES = 8;

/**
 * The blocks of a data file, of an index, of a segment of the log, or of a run, as its first bytes or its name say. Changes nothing.
 * Rejects with StorageError: INVALID_ARGUMENT for any other file, UNAVAILABLE for one that cannot be read.
 */
export async function inspectLocalFile(path: string): Promise<InspectedFile> {
  try {
    const found = await stat(path);
    if (!found.isFile()) throw new StorageError('INVALID_ARGUMENT', `${path} is no file`);
    const file = { path, bytes: found.size };
    const magic = await firstBytes(path);
    if (magic.subarray(0, 2).equals(Buffer.from([0x1f, 0x8b]))) {
      return { ...file, kind: 'data', about: 'gzip members of rows', blocks: blocksOfData(path) };
    }
    if (isPlainFile(path))
      return { ...file, kind: 'data', about: 'lines of rows', blocks: blocksOfData(path) };
    if (magic.toString('latin1') === 'JOBLETIX') return await inspectIndex(path, found.size);
    if (magic.toString('latin1') === 'JOBLETWL') {
      const items = await inspectSegment(path);
      if (items) return { ...file, kind: 'log', about: 'a segment of the log', blocks: blocksOfLog(items) };
    }
    if (runNumber(path) !== undefined) {
      const run = await readRun(path);
      if (typeof run === 'string')
        throw new StorageError('INVALID_ARGUMENT', `${path} is a damaged run: ${run}`);
      const about = `rows of ${run.directory.length} jobs, up to position ${run.position} of the log`;
      const damage = run.damage === undefined ? '' : `; damaged: ${run.damage}`;
      return { ...file, kind: 'run', about: `${about}${damage}`, blocks: blocksOfRun(run) };
    }
    throw new StorageError(
      'INVALID_ARGUMENT',
      `${path} begins with ${JSON.stringify(magic.toString('latin1'))}; expected a .gz, .log, .jsonl or .idx of a job, a .wal or a .run`,
    );
  } catch (error) {
    throw toStorageError(error, `reading ${path}`);
  }
}

async function firstBytes(path: string): Promise<Buffer> {
  const handle = await open(path, 'r');
  try {
    const bytes = Buffer.alloc(MAGIC_BYTES);
    return bytes.subarray(0, (await handle.read(bytes, 0, MAGIC_BYTES, 0)).bytesRead);
  } finally {
    await handle.close();
  }
}

async function* blocksOfData(path: string): AsyncGenerator<FileBlock> {
  const file = FileSnapshot.openSync(path, undefined);
  if (!(file instanceof FileSnapshot)) return;
  try {
    for await (const block of dataBlocks(file)) {
      const shown: FileBlock & { ordinals?: unknown } = { ...block };
      delete shown.ordinals;
      yield shown;
    }
  } finally {
    await file.close();
  }
}

async function inspectIndex(path: string, bytes: number): Promise<InspectedFile> {
  const header = Buffer.alloc(HEADER_BYTES);
  const handle = await open(path, 'r');
  try {
    await handle.read(header, 0, HEADER_BYTES, 0);
  } finally {
    await handle.close();
  }
  const stream = header[13];
  const jobId = header.toString('latin1', 16, 16 + Math.min(header.readUInt16LE(14), 128));
  if (stream > 2 || !header.equals(encodeIndexHeader({ path, jobId, stream }))) {
    throw new StorageError(
      'INVALID_ARGUMENT',
      `${path}: the header of the index is damaged, or of another version`,
    );
  }
  const of = ['metrics', 'stdout', 'stderr'][stream];
  return {
    kind: 'index',
    path,
    bytes,
    about: `index of ${of} of job ${jobId}`,
    blocks: blocksOfIndex(path, stream),
  };
}

async function* blocksOfIndex(path: string, stream: number): AsyncGenerator<FileBlock> {
  const size = entryBytes(stream);
  const handle = await open(path, 'r');
  try {
    for (let at = HEADER_BYTES; ;) {
      const bytes = Buffer.alloc(size * INDEX_ENTRIES_READ_AT_ONCE);
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, at);
      for (let start = 0; start + size <= bytesRead; start += size) yield entryBlock(bytes, start, stream);
      if (bytesRead % size > 0) {
        const offset = at + bytesRead - (bytesRead % size);
        yield { offset, length: bytesRead % size, problem: 'half an entry' };
      }
      if (bytesRead < bytes.length) return;
      at += bytesRead;
    }
  } finally {
    await handle.close();
  }
}

/** Offset and length are those of the block that it is about. */
function entryBlock(bytes: Buffer, start: number, stream: number): FileBlock {
  const entry = new EntryView(bytes, start, stream);
  const { offset, length, rows, firstOrdinal, lastOrdinal, timeMin, timeMax, contentBytes, filterLength } =
    entry;
  const what = filterLength === 0 ? 'no filter' : `filter of ${filterLength} bytes at ${entry.filterOffset}`;
  const block = { offset, length, rows, firstOrdinal, lastOrdinal, timeMin, timeMax, contentBytes, what };
  return entry.isRight() ? block : { ...block, problem: 'the checksum of the entry is wrong' };
}

async function* blocksOfLog(items: AsyncIterable<LogItem>): AsyncGenerator<FileBlock> {
  let first = 0n;
  let header = 0;
  for await (const item of items) {
    const at = (position: bigint): number => header + Number(position - first);
    if (item.kind === 'segment') {
      first = item.firstPosition;
      header = item.headerBytes;
    } else if (item.kind === 'tail') {
      yield {
        offset: item.offset,
        length: item.bytes,
        problem: 'no whole record: a write that has not ended',
      };
    } else if (item.kind === 'hole') {
      yield { offset: at(item.from), length: Number(item.to - item.from), problem: item.reason };
    } else {
      const place = { offset: at(item.position), length: Number(item.end - item.position) };
      const entries = decodeEntries(item.payload);
      if (entries) yield { ...place, ...describeEntries(entries) };
      else yield { ...place, problem: 'a record of something else' };
    }
  }
}

function describeEntries(entries: readonly LogEntry[]): Pick<FileBlock, 'rows' | 'what'> {
  let rows = 0;
  const what = entries.map((entry) => {
    if (entry.type === 'batch') {
      rows += entry.table.starts.length;
      return `${entry.kind} of ${entry.table.jobIds.length} jobs`;
    }
    return entry.type === 'deleted'
      ? `deleted, as position ${entry.position} says`
      : `${entry.type} ${entry.jobId}`;
  });
  return { rows, what: [...new Set(what)].join(', ') };
}

async function* blocksOfRun(run: Run): AsyncGenerator<FileBlock> {
  try {
    for (const piece of run.directory.pieces()) {
      const { index, jobId, area, rows, bytes, firstOrdinal, lastOrdinal, offset } = piece;
      const problem = await run.load(index).then(
        () => undefined,
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      );
      yield {
        offset,
        length: rows * RUN_ROW_BYTES + bytes,
        rows,
        firstOrdinal,
        lastOrdinal,
        what: `${area} of job ${jobId}`,
        ...(problem !== undefined && { problem }),
      };
    }
  } finally {
    await run.closeHandle();
  }
}
