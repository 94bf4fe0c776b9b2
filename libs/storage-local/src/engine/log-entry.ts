import {
  isJobId,
  RowTable,
  type JobEnd,
  type LogBatch,
  type MetricBatch,
  type WriteSource,
} from '@joblet/storage';
import type { JobFile } from '../format/layout.js';
import { LOG_WASTE_BYTES } from '../limits.js';
import { COLUMN_BYTES, columnParts, readColumns } from './row-columns.js';

export type AreaName = JobFile['area'];

/** One thing that a record of the log tells; a record has those that were asked for at the same time, in order. */
export type LogEntry =
  | BatchEntry
  /** All rows of these areas that came before go; with `whole`, all else that is known of the job. */
  | {
      readonly type: 'delete';
      readonly jobId: string;
      readonly whole: boolean;
      readonly areas: readonly DeletedArea[];
    }
  /** The files of the deletion in the entry at this position are gone. */
  | { readonly type: 'deleted'; readonly position: bigint }
  | { readonly type: 'end'; readonly jobId: string; readonly end: JobEnd };

export interface DeletedArea {
  readonly area: AreaName;
  /** That the next row of the area gets. */
  readonly nextOrdinal: bigint;
}

export interface BatchEntry {
  readonly type: 'batch';
  readonly kind: AreaName;
  /** In the order of the table's. Rows of a job are numbered from `firstOrdinal` on. */
  readonly firstOrdinals: readonly bigint[];
  readonly bytes: Uint8Array;
  readonly table: RowTable;
  readonly source: WriteSource | undefined;
  /** Unix milliseconds of arrival. */
  readonly arrival: number;
}

/*
 * A record: version u32 = 1, length of the head u32, the head (JSON, UTF-8), and for each batch in it: times (8 bytes a row), starts
 * and ends (4 each), when there are several jobs the number of each row's job (4), and the bytes of the rows.
 */
const VERSION = 1;
const FIXED_BYTES = 8;

export function encodeEntries(entries: readonly LogEntry[]): Uint8Array[] {
  const parts: Uint8Array[] = [];
  const heads = entries.map((entry) => {
    if (entry.type !== 'batch') return toJson(entry);
    const { bytes, table } = compact(entry);
    parts.push(...columnParts(table));
    const { jobOfRow } = table;
    if (table.jobIds.length !== 1)
      parts.push(new Uint8Array(jobOfRow.buffer, jobOfRow.byteOffset, jobOfRow.byteLength));
    parts.push(bytes);
    const { type, kind, firstOrdinals, source, arrival } = entry;
    const head = toJson({ type, kind, rows: table.starts.length, bytes: bytes.length, source, arrival });
    // There may be thousands of jobs: `toJson` calls a function for each value.
    const jobs = JSON.stringify(table.jobIds.map((jobId, index) => [jobId, String(firstOrdinals[index])]));
    return `${head.slice(0, -1)},"jobs":${jobs}}`;
  });
  const head = Buffer.from(`[${heads.join()}]`);
  const fixed = Buffer.alloc(FIXED_BYTES);
  fixed.writeUInt32LE(VERSION, 0);
  fixed.writeUInt32LE(head.length, 4);
  return [fixed, head, ...parts];
}

function toJson(value: object): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'bigint' ? String(member) : member,
  );
}

/** The batch's own rows without what lies between them, when that is much. */
function compact({ bytes, table }: BatchEntry): { bytes: Uint8Array; table: RowTable } {
  const { starts, ends } = table;
  let used = 0;
  for (let row = 0; row < starts.length; row++) used += ends[row] - starts[row];
  if (bytes.length <= used * 1.25 + LOG_WASTE_BYTES) return { bytes, table };
  const copied = new Uint8Array(used);
  const newStarts = new Uint32Array(starts.length);
  const newEnds = new Uint32Array(starts.length);
  for (let row = 0, at = 0; row < starts.length; row++) {
    copied.set(bytes.subarray(starts[row], ends[row]), at);
    newStarts[row] = at;
    newEnds[row] = at += ends[row] - starts[row];
  }
  const { jobIds, jobOfRow, timestamps } = table;
  return { bytes: copied, table: new RowTable(jobIds, jobOfRow, newStarts, newEnds, timestamps, undefined) };
}

/** Of an entry within its record. Each takes more bytes than one, so that this lies before the next record. */
export function entryPosition(record: bigint, entry: number): bigint {
  return record + BigInt(entry);
}

export function batchEntry(
  kind: AreaName,
  batch: LogBatch | MetricBatch,
  firstOrdinals: readonly bigint[],
  source: WriteSource | undefined,
  arrival: number,
): BatchEntry {
  return { type: 'batch', kind, firstOrdinals, bytes: batch.bytes, table: batch.table, source, arrival };
}

/** Undefined when the record is none of this version, or says what cannot be: it was made by something else. */
export function decodeEntries(payload: Uint8Array): LogEntry[] | undefined {
  try {
    const view = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    if (view.length < FIXED_BYTES || view.readUInt32LE(0) !== VERSION) return undefined;
    let at = FIXED_BYTES + view.readUInt32LE(4);
    if (at > view.length) return undefined;
    const heads: unknown = JSON.parse(view.toString('utf8', FIXED_BYTES, at));
    if (!Array.isArray(heads)) return undefined;
    const entries: LogEntry[] = [];
    for (const head of heads as readonly unknown[]) {
      if (!isObject(head)) return undefined;
      if (head.type !== 'batch') {
        entries.push(decodeSmall(head));
        continue;
      }
      const batch = decodeBatch(head, view, at);
      at = batch.end;
      entries.push(batch.entry);
    }
    return at === view.length ? entries : undefined;
  } catch (error) {
    if (error instanceof Malformed || error instanceof SyntaxError || error instanceof RangeError)
      return undefined;
    throw error;
  }
}

class Malformed extends Error {}

function decodeSmall(head: Record<string, unknown>): LogEntry {
  if (head.type === 'deleted') return { type: 'deleted', position: uint64(head.position) };
  const jobId = jobIdOf(head.jobId);
  if (head.type === 'end') return { type: 'end', jobId, end: decodeEnd(head.end) };
  if (head.type !== 'delete' || !Array.isArray(head.areas)) throw new Malformed();
  const areas = (head.areas as readonly unknown[]).map((found) => {
    if (!isObject(found)) throw new Malformed();
    return { area: areaOf(found.area), nextOrdinal: uint64(found.nextOrdinal) };
  });
  return { type: 'delete', jobId, whole: head.whole === true, areas };
}

export function decodeEnd(found: unknown): JobEnd {
  if (!isObject(found)) throw new Malformed();
  const time = int64(found.time);
  if (found.exitCode === undefined) return { time };
  if (typeof found.exitCode !== 'number') throw new Malformed();
  return { time, exitCode: found.exitCode };
}

function decodeBatch(
  head: Record<string, unknown>,
  payload: Buffer,
  offset: number,
): { entry: BatchEntry; end: number } {
  const rows = count(head.rows);
  const byteCount = count(head.bytes);
  if (!Array.isArray(head.jobs) || (rows > 0 && head.jobs.length === 0)) throw new Malformed();
  const jobIds: string[] = [];
  const firstOrdinals: bigint[] = [];
  for (const job of head.jobs as readonly unknown[]) {
    if (!Array.isArray(job)) throw new Malformed();
    jobIds.push(jobIdOf(job[0]));
    firstOrdinals.push(uint64(job[1]));
  }
  const columns = readColumns(payload, offset, rows, byteCount);
  if (!columns) throw new Malformed();
  let at = offset + rows * COLUMN_BYTES;
  let jobOfRow = new Uint32Array(rows);
  if (jobIds.length !== 1) {
    jobOfRow = new Uint32Array(new Uint8Array(payload.subarray(at, at + rows * 4)).buffer);
    at += rows * 4;
    if (jobOfRow.length !== rows || jobOfRow.some((job) => job >= jobIds.length)) throw new Malformed();
  }
  const bytes = payload.subarray(at, at + byteCount);
  if (bytes.length !== byteCount) throw new Malformed();
  const table = new RowTable(jobIds, jobOfRow, columns.starts, columns.ends, columns.timestamps, undefined);
  const arrival = count(head.arrival);
  const source = head.source === undefined ? undefined : decodeSource(head.source);
  const entry: BatchEntry = {
    type: 'batch',
    kind: areaOf(head.kind),
    firstOrdinals,
    bytes,
    table,
    source,
    arrival,
  };
  return { entry, end: at + byteCount };
}

export function decodeSource(found: unknown): WriteSource {
  if (!isObject(found) || typeof found.producer !== 'string') throw new Malformed();
  return { producer: found.producer, epoch: uint64(found.epoch), frame: uint64(found.frame) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function areaOf(value: unknown): AreaName {
  if (value !== 'logs' && value !== 'metrics') throw new Malformed();
  return value;
}

function jobIdOf(value: unknown): string {
  if (!isJobId(value)) throw new Malformed();
  return value;
}

function count(value: unknown): number {
  if (!Number.isSafeInteger(value) || Number(value) < 0) throw new Malformed();
  return Number(value);
}

function int64(value: unknown): bigint {
  if (typeof value !== 'string' || !/^-?\d{1,20}$/.test(value)) throw new Malformed();
  return BigInt(value);
}

function uint64(value: unknown): bigint {
  const found = int64(value);
  if (BigInt.asUintN(64, found) !== found) throw new Malformed();
  return found;
}
