import { readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { WireError } from '@joblet/wire';
import { syncDirectory } from '../disk/sync-directory.js';
import { isMissing } from '../errors.js';
import { FILE_MODE, rotatedFileOf, temporaryFileOf } from '../format/file-names.js';
import { FILES } from '../format/layout.js';
import { LOGS, METRICS } from '../read/row-kind.js';
import type { LostRows } from './job-table.js';
import type { AreaName } from './log-entry.js';
import { writeAll } from './write-all.js';

/*
 * What is known of files that are gone lies where they did, as the file with the number 0: one gzip member with one row, whose `gap` says how
 * many rows and bytes it stands for, and in its reason up to which file. `ordinal` and `timestamp` are those of the newest row.
 */

/** Of the stream, in the job's folder. */
export function lostRowsFile(name: AreaName, stream: number): string {
  const file = FILES[name].find((known) => known.stream === stream);
  if (!file) throw new TypeError(`BUG: ${name} have no stream ${stream}`);
  return rotatedFileOf(file.fileName, 0);
}

/** Durable when it resolves; a crash leaves what was there before or this. */
export async function writeLostRows(
  directory: string,
  { jobId, name, lost }: { jobId: string; name: AreaName; lost: LostRows },
): Promise<void> {
  const { stream, rows, bytes, lastOrdinal, time, reason } = lost;
  const path = join(directory, lostRowsFile(name, stream));
  const head = `{"job_id":${JSON.stringify(jobId)},${name === 'logs' ? `"stream":${stream},` : ''}"timestamp":${time},"ordinal":${lastOrdinal}`;
  const gap = `"gap":{"stream":${stream},"rows":${rows},"bytes":${bytes},"reason":${JSON.stringify(reason)}}`;
  const temporary = temporaryFileOf(path);
  const handle = await open(temporary, 'w', FILE_MODE);
  try {
    await writeAll(handle, [gzipSync(`${head},${gap}}\n`)], 0);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await rename(temporary, path);
  await syncDirectory(dirname(path));
}

/** Undefined: no file is gone, or nobody can tell any more. */
export function readLostRows(directory: string, name: AreaName, stream: number): LostRows | undefined {
  const fileName = lostRowsFile(name, stream);
  let text: Buffer;
  try {
    text = gunzipSync(readFileSync(join(directory, fileName)));
  } catch (error) {
    if (isMissing(error) || (error instanceof Error && 'errno' in error)) return undefined;
    throw error;
  }
  try {
    const { gap, ordinal, timestamp } = (name === 'logs' ? LOGS : METRICS).decode(text, 0, text.length - 1);
    const upTo = /\.(\d+)(\.gz)?$/.exec(gap?.reason ?? '')?.[1];
    if (!gap || ordinal === undefined || upTo === undefined) return undefined;
    const { rows = 0n, bytes = 0n, reason } = gap;
    return { stream, upTo: Number(upTo), rows, bytes, lastOrdinal: ordinal, time: timestamp, reason };
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}
