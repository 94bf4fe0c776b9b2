import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { isJobId } from '@joblet/storage';
import { crc32c } from '@joblet/wal';
import { syncDirectory } from '../disk/sync-directory.js';
import { isMissing } from '../errors.js';
import { FILE_MODE } from '../format/file-names.js';
import { dataFileOf } from '../format/layout.js';
import { INDEX_LINES_AT_ONCE } from '../limits.js';
import {
  AREAS,
  graveKey,
  newArea,
  newFile,
  NO_FACTS,
  splitGraveKey,
  type DataFile,
  type FileFacts,
  type JobTable,
  type LostRows,
} from './job-table.js';
import { decodeEnd, decodeSource, type AreaName } from './log-entry.js';
import { writeAll } from './write-all.js';

/*
 * The job index is text: lines of a CRC-32C (8 hexadecimal digits), a space and a JSON array. The first is ["joblet-jobs", 1,
 * position up to which numbers hold, number of lines that follow]; then
 *   ["s", producer, epoch, frame]
 *   ["g", area, job id, position of its newest deletion], while a run or the log may have rows of before
 *   ["r", number of a run that is needed]
 *   ["j", job id, end or null, area of the logs or null, area of the metrics or null]
 * An area: [next ordinal, gaps, last arrival in Unix ms, born, files, rotated files, lost rows], a rotated file [name, last arrival, file], lost
 * rows [stream, newest number, rows, bytes of content, last ordinal, newest time, reason], a file (in the order of layout.ts) [length, rows, bytes of content, oldest time,
 * newest time, last ordinal, bytes that were rewritten], or 0 when nobody has looked at it; empty ones at the end are left out. 64-bit numbers are strings.
 *
 * The one before is kept beside it (`.old`), and the log from its position on: what only the index knows, end records and the next
 * ordinals of jobs without rows, survives the loss of either.
 */
const MAGIC = 'joblet-jobs';
const VERSION = 1;
const CHECKSUM_BYTES = 8;
const NEWLINE = 0x0a;

export function olderJobIndex(path: string): string {
  return `${path}.old`;
}

/** Writes what is durable of the table, and keeps the one before; durable itself when it resolves. */
export async function writeJobIndex(
  path: string,
  table: JobTable,
  position: bigint,
  runs: readonly number[],
): Promise<void> {
  const temporary = `${path}.tmp`;
  const handle = await open(temporary, 'w', FILE_MODE);
  try {
    const sources = [...table.sources.values()];
    const jobs = [...table.jobs.values()];
    const graves = [...table.graves];
    let at = 0;
    const count = sources.length + graves.length + runs.length + jobs.length;
    let lines = [line([MAGIC, VERSION, position, count])];
    for (const { producer, epoch, frame } of sources) lines.push(line(['s', producer, epoch, frame]));
    for (const [key, born] of graves) lines.push(line(['g', ...splitGraveKey(key), born]));
    for (const number of runs) lines.push(line(['r', number]));
    for (const job of jobs) {
      const areas = AREAS.map((name) => {
        const area = job[name];
        if (!area) return null;
        const live = area.files.filter(({ number }) => number === 0);
        const count = live.reduce((last, file, index) => (isEmpty(file) ? last : index + 1), 0);
        const files = live.slice(0, count).map(fileOf);
        const rotated = area.files.filter(({ number }) => number > 0);
        return [
          area.nextOrdinal,
          area.gaps,
          area.arrival,
          area.born,
          files,
          rotated.map((file) => [file.fileName, file.arrival, fileOf(file)]),
          [...area.lost.values()].map((lost) => [
            ...[lost.stream, lost.upTo, lost.rows, lost.bytes, lost.lastOrdinal, lost.time, lost.reason],
          ]),
        ];
      });
      lines.push(line(['j', job.jobId, job.end ?? null, ...areas]));
      if (lines.length < INDEX_LINES_AT_ONCE) continue;
      at += await writeAll(handle, [Buffer.from(lines.join(''))], at);
      lines = [];
      await setImmediate();
    }
    await writeAll(handle, [Buffer.from(lines.join(''))], at);
    await handle.datasync();
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  } finally {
    await handle.close();
  }
  await rename(path, olderJobIndex(path)).catch(unlessMissing);
  await rename(temporary, path);
  await syncDirectory(dirname(path));
}

/** Fills the table; resolves to the position up to which its numbers hold, or to what is wrong: then the table may be filled in part. */
export async function readJobIndex(path: string, table: JobTable): Promise<bigint | string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    return `it cannot be read: ${String(error)}`;
  }
  try {
    let end = bytes.indexOf(NEWLINE);
    const head = parse(bytes.subarray(0, Math.max(0, end)));
    if (head[0] !== MAGIC || head[1] !== VERSION) return 'it is of another version';
    let count = 0;
    for (let start = end + 1; start < bytes.length; start = end + 1) {
      end = bytes.indexOf(NEWLINE, start);
      if (end < 0) return 'its last line is cut';
      readLine(parse(bytes.subarray(start, end)), table);
      count++;
    }
    return head[3] === count ? uint64(head[2]) : `found ${count} lines, expected ${String(head[3])}`;
  } catch (error) {
    if (error instanceof Error) return error.message;
    throw error;
  }
}

function line(values: readonly unknown[]): string {
  const json = JSON.stringify(values, (_, value) => (typeof value === 'bigint' ? String(value) : value));
  return `${checksum(Buffer.from(json))} ${json}\n`;
}

function checksum(json: Buffer): string {
  return crc32c(json).toString(16).padStart(8, '0');
}

function parse(text: Buffer): unknown[] {
  const json = text.subarray(CHECKSUM_BYTES + 1);
  if (text.toString('latin1', 0, CHECKSUM_BYTES) !== checksum(json))
    throw new Error('the checksum of a line is wrong');
  const values: unknown = JSON.parse(json.toString());
  if (!Array.isArray(values)) throw new Error('a line is no list');
  return values;
}

function readLine(values: readonly unknown[], table: JobTable): void {
  if (values[0] === 's') {
    const [, producer, epoch, frame] = values;
    const source = decodeSource({ producer, epoch, frame });
    return void table.sources.set(source.producer, source);
  }
  if (values[0] === 'g') {
    const [, area, jobId, position] = values;
    if ((area !== 'logs' && area !== 'metrics') || !isJobId(jobId)) throw new Error('a line names no area');
    return void table.graves.set(graveKey(area, jobId), uint64(position));
  }
  if (values[0] === 'r') return void table.runs.add(Number(values[1]));
  const [type, jobId, end, ...areas] = values;
  if (type !== 'j' || !isJobId(jobId)) throw new Error('a line names no job');
  const job = table.job(jobId);
  if (end !== null) job.end = decodeEnd(end);
  AREAS.forEach((name, index) => {
    const found = areas[index];
    if (found === null) return;
    if (!Array.isArray(found)) throw new Error(`the ${name} of job ${jobId} are no list`);
    const [nextOrdinal, gaps, arrival, born, files, rotated = [], lost = []] = found as readonly unknown[];
    if (!Array.isArray(files)) throw new Error(`the ${name} of job ${jobId} have no files`);
    const area = newArea(name, { facts: undefined, born: uint64(born) });
    area.nextOrdinal = uint64(nextOrdinal);
    area.gaps = Number(gaps);
    area.arrival = Number(arrival);
    area.files.forEach((file, number) => {
      file.counted = file.synced = factsOf(files[number]);
      file.rewritten = rewrittenOf(files[number]);
    });
    if (!Array.isArray(rotated) || !Array.isArray(lost))
      throw new Error(`the rotated ${name} of job ${jobId} are no list`);
    area.files = [...rotated.map((file: unknown) => rotatedOf(name, file)), ...area.files];
    area.lost = new Map(lost.map(lostOf).map((rows) => [rows.stream, rows]));
    job[name] = area;
  });
}

function unlessMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}

function isEmpty({ synced, rewritten }: DataFile): boolean {
  return synced?.length === 0 && synced.lastOrdinal === NO_FACTS.lastOrdinal && rewritten === 0;
}

function fileOf({ synced, rewritten }: DataFile): unknown {
  if (!synced) return 0;
  const { length, rows, contentBytes, timeMin, timeMax, lastOrdinal } = synced;
  return [length, rows, contentBytes, timeMin, timeMax, lastOrdinal, rewritten];
}

function rotatedOf(name: AreaName, found: unknown): DataFile {
  if (!Array.isArray(found)) throw new Error('a rotated file is no list');
  const [fileName, arrival, facts] = found as readonly unknown[];
  const file = typeof fileName === 'string' ? dataFileOf(name, fileName) : undefined;
  if (!file || file.number === 0) throw new Error('a rotated file has no number');
  return { ...newFile(file, factsOf(facts), Number(arrival)), rewritten: rewrittenOf(facts) };
}

function lostOf(found: unknown): LostRows {
  if (!Array.isArray(found)) throw new Error('lost rows are no list');
  const [stream, upTo, rows, bytes, lastOrdinal, time, reason] = found as readonly unknown[];
  return {
    stream: Number(stream),
    upTo: Number(upTo),
    rows: int64(rows),
    bytes: int64(bytes),
    lastOrdinal: int64(lastOrdinal),
    time: int64(time),
    reason: String(reason),
  };
}

function rewrittenOf(found: unknown): number {
  return Array.isArray(found) ? Number(found[6] ?? 0) : 0;
}

function factsOf(found: unknown): FileFacts | undefined {
  // Empty, or of before there was this kind of file.
  if (found === undefined) return NO_FACTS;
  if (found === 0) return undefined;
  if (!Array.isArray(found)) throw new Error('a file is no list');
  const [length, ...numbers] = found as readonly unknown[];
  const [rows, contentBytes, timeMin, timeMax, lastOrdinal] = numbers.slice(0, 5).map(int64);
  return { length: Number(length), rows, contentBytes, timeMin, timeMax, lastOrdinal };
}

function int64(value: unknown): bigint {
  if (typeof value !== 'string' || !/^-?\d{1,20}$/.test(value)) throw new Error('a number is none');
  return BigInt(value);
}

function uint64(value: unknown): bigint {
  const found = int64(value);
  if (found < 0n) throw new Error(`found ${found}, expected 0 or more`);
  return found;
}
