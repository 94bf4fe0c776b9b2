import { renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from '../disk/sync-directory.js';
import { rotatedFileOf } from '../format/file-names.js';
import type { EngineCore } from './engine-core.js';
import { newFile, NO_FACTS, type Area, type DataFile, type Job, type LostRows } from './job-table.js';
import type { AreaName } from './log-entry.js';
import { writeLostRows } from './lost-rows.js';

type Core = Pick<EngineCore, 'table' | 'files' | 'options' | 'tellFailed'>;

/** Why a file is taken away. */
export type Cause = 'rotated away' | 'expired';

/**
 * Puts full files aside and takes away the oldest when they are too many. A rotated file never changes its name; its rows are where they were
 * for readers. What is taken away is told for good by a gap, which is durable before the file is removed.
 */
export class Rotation {
  private readonly core: Core;
  lostRows = 0n;
  lostBytes = 0n;

  constructor(core: Core) {
    this.core = core;
  }

  /** The file to append to: `file`, or a new one if this would become too large. While the area is busy. */
  async fileFor(job: Job, name: AreaName, area: Area, file: DataFile, bytes: number): Promise<DataFile> {
    const limits = this.core.options.rotation[name];
    const length = file.counted?.length ?? 0;
    if (!limits || length === 0 || length + bytes <= limits.maxBytes) return file;
    const live = await this.rotate(job, name, area, file);
    const rotated = area.files.filter(({ stream, number }) => stream === file.stream && number > 0);
    const tooMany = limits.maxFiles === 0 ? 0 : Math.max(0, rotated.length - limits.maxFiles);
    try {
      for (const oldest of rotated.slice(0, tooMany))
        await this.takeAway(job, name, area, oldest, 'rotated away');
    } catch (error) {
      // One file more, until the next is full.
      this.core.tellFailed(`removing the oldest file of job ${job.jobId}`, error);
    }
    return live;
  }

  /** Takes away rotated files: the oldest of their stream. Waits until nothing else is done to the files. */
  async expire(job: Job, name: AreaName, area: Area, files: readonly DataFile[]): Promise<void> {
    while (area.busy) await area.busy;
    let done: () => void = () => undefined;
    area.busy = new Promise((resolve) => (done = resolve));
    try {
      for (const file of files)
        if (area.files.includes(file)) await this.takeAway(job, name, area, file, 'expired');
    } finally {
      area.busy = undefined;
      done();
    }
  }

  private async rotate(job: Job, name: AreaName, area: Area, file: DataFile): Promise<DataFile> {
    const { table, files, options } = this.core;
    const { jobId } = job;
    const { stream } = file;
    const path = this.pathOf(job, name, file);
    await files.settle({ jobId, path, file });
    const facts = file.counted;
    if (area.isGone || !facts) return file;
    const numbers = area.files.filter((other) => other.stream === stream).map(({ number }) => number);
    const number = Math.max(0, area.lost.get(stream)?.upTo ?? 0, ...numbers) + 1;
    const fileName = rotatedFileOf(file.fileName, number);
    const rotatedPath = table.layout.path({ area: name, jobId, fileName });
    renameSync(path, rotatedPath);
    // In the same turn: readers find the rows there. New objects: a sync of the old one may still be under way.
    const put: DataFile = {
      ...newFile({ fileName, stream, number }, facts, area.arrival),
      synced: undefined,
    };
    const rest = { ...NO_FACTS, lastOrdinal: facts.lastOrdinal };
    const live: DataFile = { ...newFile({ ...file, number: 0 }, rest), synced: undefined };
    put.rewritten = file.rewritten;
    area.files = area.files.flatMap((other) => (other === file ? [put, live] : [other]));
    const isIndexed = options.indexes.rename(path, rotatedPath);
    try {
      await syncDirectory(dirname(path));
      put.synced = facts;
      live.synced = rest;
    } catch (error) {
      // Which of the names a crash would leave is not known.
      for (const other of [put, live]) other.counted = other.synced = undefined;
      throw error;
    } finally {
      await isIndexed;
    }
    return live;
  }

  private async takeAway(job: Job, name: AreaName, area: Area, file: DataFile, cause: Cause): Promise<void> {
    const { files, options } = this.core;
    const { jobId } = job;
    const { counted: facts, stream, number } = file;
    if (!facts || area.isGone) return;
    const path = this.pathOf(job, name, file);
    const before = area.lost.get(stream);
    const lost: LostRows = {
      stream,
      upTo: number,
      rows: (before?.rows ?? 0n) + facts.rows,
      bytes: (before?.bytes ?? 0n) + facts.contentBytes,
      lastOrdinal: facts.lastOrdinal,
      time: before && before.time > facts.timeMax ? before.time : facts.timeMax,
      reason: reasonOf(before, cause, file.fileName),
    };
    await writeLostRows(dirname(path), { jobId, name, lost });
    if (area.isGone) return;
    const isFirst = area.lost.size === 0;
    area.files = area.files.filter((other) => other !== file);
    area.lost = new Map([...area.lost, [stream, lost]]);
    if (!before) area.gaps++;
    this.lostRows += facts.rows;
    this.lostBytes += facts.contentBytes;
    if (isFirst && cause === 'rotated away') {
      const { rows, contentBytes: bytes } = facts;
      options.onEvent({ type: 'rotated-away', jobId, area: name, rows, bytes });
    }
    files.forget([path]);
    await rm(path, { force: true });
    await options.indexes.drop(path);
  }

  private pathOf({ jobId }: Job, name: AreaName, { fileName }: DataFile): string {
    return this.core.table.layout.path({ area: name, jobId, fileName });
  }
}

function reasonOf(before: LostRows | undefined, cause: Cause, fileName: string): string {
  const isSame = !before || before.reason.startsWith(`${cause}:`);
  return `${isSame ? cause : 'rotated away or expired'}: the files up to ${fileName}`;
}
