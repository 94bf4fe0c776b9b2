import type { JobInfo, RowStats } from '@joblet/storage';
import { AREAS, type Area, type Job } from './job-table.js';
import type { AreaName } from './log-entry.js';
import { totalsOf } from './row-totals.js';

export interface StreamNumbers {
  rows: bigint;
  bytes: bigint;
  /** 0n without rows. */
  timeMin: bigint;
  timeMax: bigint;
}

/** By stream, files and pending rows together. All files must be known. */
export function areaNumbers(name: AreaName, area: Area): Map<number, StreamNumbers> {
  const byStream = new Map<number, StreamNumbers>();
  const add = (stream: number, rows: bigint, bytes: bigint, timeMin: bigint, timeMax: bigint): void => {
    if (rows === 0n) return;
    const numbers = byStream.get(stream);
    if (!numbers) return void byStream.set(stream, { rows, bytes, timeMin, timeMax });
    numbers.rows += rows;
    numbers.bytes += bytes;
    if (timeMin < numbers.timeMin) numbers.timeMin = timeMin;
    if (timeMax > numbers.timeMax) numbers.timeMax = timeMax;
  };
  for (const { stream, counted } of area.files)
    if (counted) add(stream, counted.rows, counted.contentBytes, counted.timeMin, counted.timeMax);
  const pending = area.parts.map((part) =>
    part.kind === 'memory' ? totalsOf(name, part.buffer.rows()) : part.run.directory.piece(part.index).totals,
  );
  if (area.tail) pending.push(totalsOf(name, area.tail.rows()));
  for (const { stream, rows, contentBytes, timeMin, timeMax } of pending.flat())
    add(stream, BigInt(rows), BigInt(contentBytes), timeMin, timeMax);
  return byStream;
}

/** All files of the job must be known. */
export function jobInfo(job: Job): JobInfo {
  const logs = job.logs && areaNumbers('logs', job.logs);
  const metrics = job.metrics && areaNumbers('metrics', job.metrics);
  const all = [...(logs?.values() ?? []), ...(metrics?.values() ?? [])];
  const stats = (numbers: StreamNumbers | undefined): RowStats => ({
    rows: numbers?.rows ?? 0n,
    bytes: numbers?.bytes ?? 0n,
  });
  const { jobId, end } = job;
  return {
    jobId,
    firstTime: all.length === 0 ? 0n : all.map(({ timeMin }) => timeMin).reduce((a, b) => (a < b ? a : b)),
    lastTime: all.length === 0 ? 0n : all.map(({ timeMax }) => timeMax).reduce((a, b) => (a > b ? a : b)),
    stdout: stats(logs?.get(1)),
    stderr: stats(logs?.get(2)),
    metrics: stats(metrics?.get(0)),
    sizeBytes: BigInt(AREAS.reduce((sum, name) => sum + sizeOf(job[name]), 0)),
    gaps: AREAS.reduce((sum, name) => sum + (job[name]?.gaps ?? 0), 0),
    ...(end && { end }),
  };
}

function sizeOf(area: Area | undefined): number {
  return area?.files.reduce((sum, { counted }) => sum + (counted?.length ?? 0), 0) ?? 0;
}
