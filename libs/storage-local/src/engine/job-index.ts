import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { isJobId } from '@joblet/storage';
import { crc32c } from '@joblet/wal';
import { syncDirectory } from '../disk/sync-directory.js';
import { FILE_MODE } from '../format/file-names.js';
import { INDEX_LINES_AT_ONCE } from '../limits.js';
import { AREAS, newArea, type FileFacts, type JobTable } from './job-table.js';
import { decodeEnd, decodeSource } from './log-entry.js';
import { writeAll } from './write-all.js';

/*
 * The job index is text: lines of a CRC-32C (8 hexadecimal digits), a space and a JSON array. The first is ["joblet-jobs", 1,
 * position up to which numbers hold, number of lines that follow]; then
 *   ["s", producer, epoch, frame]
 *   ["j", job id, end or null, area of the logs or null, area of the metrics or null]
 * An area: [next ordinal, gaps, last arrival in Unix ms, born, files], a file (in the order of layout.ts) [length, rows, bytes of content, oldest time,
 * newest time, last ordinal], or 0 when nobody has looked at it. 64-bit numbers are strings.
 */
const MAGIC = 'joblet-jobs';
const VERSION = 1;

/** Writes what is durable of the table; durable itself when it resolves. */
export async function writeJobIndex(path: string, table: JobTable, position: bigint): Promise<void> {
  const temporary = `${path}.tmp`;
  const handle = await open(temporary, 'w', FILE_MODE);
  try {
    const sources = [...table.sources.values()];
    const jobs = [...table.jobs.values()];
    let at = 0;
    let lines = [line([MAGIC, VERSION, position, sources.length + jobs.length])];
    for (const { producer, epoch, frame } of sources) lines.push(line(['s', producer, epoch, frame]));
    for (const job of jobs) {
      const areas = AREAS.map((name) => {
        const area = job[name];
        if (!area) return null;
        const files = area.files.map(({ synced }) => (synced ? Object.values(inOrder(synced)) : 0));
        return [area.nextOrdinal, area.gaps, area.arrival, area.born, files];
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
  await rename(temporary, path);
  await syncDirectory(dirname(path));
}

/** Fills the table; resolves to the position up to which its numbers hold, or to what is wrong: then the table may be filled in part. */
export async function readJobIndex(path: string, table: JobTable): Promise<bigint | string> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    return `it cannot be read: ${String(error)}`;
  }
  const lines = text.split('\n');
  try {
    const head = parse(lines[0]);
    if (head[0] !== MAGIC || head[1] !== VERSION) return 'it is of another version';
    if (head[3] !== lines.length - 2) return `found ${lines.length - 2} lines, expected ${String(head[3])}`;
    for (let number = 1; number < lines.length - 1; number++) readLine(parse(lines[number]), table);
    return uint64(head[2]);
  } catch (error) {
    if (error instanceof Error) return error.message;
    throw error;
  }
}

function line(values: readonly unknown[]): string {
  const json = JSON.stringify(values, (_, value) => (typeof value === 'bigint' ? String(value) : value));
  return `${checksum(json)} ${json}\n`;
}

function checksum(json: string): string {
  return crc32c(Buffer.from(json)).toString(16).padStart(8, '0');
}

function parse(text: string): unknown[] {
  const json = text.slice(9);
  if (text.slice(0, 8) !== checksum(json)) throw new Error('the checksum of a line is wrong');
  const values: unknown = JSON.parse(json);
  if (!Array.isArray(values)) throw new Error('a line is no list');
  return values;
}

function readLine(values: readonly unknown[], table: JobTable): void {
  if (values[0] === 's') {
    const [, producer, epoch, frame] = values;
    const source = decodeSource({ producer, epoch, frame });
    return void table.sources.set(source.producer, source);
  }
  const [type, jobId, end, ...areas] = values;
  if (type !== 'j' || !isJobId(jobId)) throw new Error('a line names no job');
  const job = table.job(jobId);
  if (end !== null) job.end = decodeEnd(end);
  AREAS.forEach((name, index) => {
    const found = areas[index];
    if (found === null) return;
    if (!Array.isArray(found)) throw new Error(`the ${name} of job ${jobId} are no list`);
    const [nextOrdinal, gaps, arrival, born, files] = found as readonly unknown[];
    if (!Array.isArray(files)) throw new Error(`the ${name} of job ${jobId} have no files`);
    const area = newArea(name, { facts: undefined, born: uint64(born) });
    area.nextOrdinal = uint64(nextOrdinal);
    area.gaps = Number(gaps);
    area.arrival = Number(arrival);
    area.files.forEach((file, number) => {
      file.counted = file.synced = factsOf(files[number]);
    });
    job[name] = area;
  });
}

function inOrder({ length, rows, contentBytes, timeMin, timeMax, lastOrdinal }: FileFacts): FileFacts {
  return { length, rows, contentBytes, timeMin, timeMax, lastOrdinal };
}

function factsOf(found: unknown): FileFacts | undefined {
  if (found === 0) return undefined;
  if (!Array.isArray(found)) throw new Error('a file is no list');
  const [length, ...numbers] = found as readonly unknown[];
  const [rows, contentBytes, timeMin, timeMax, lastOrdinal] = numbers.map(int64);
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
