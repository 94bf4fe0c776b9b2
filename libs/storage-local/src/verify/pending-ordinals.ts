import type { JobTable } from '../engine/job-table.js';
import type { AreaName } from '../engine/log-entry.js';
import type { AreaFolders } from './area-folders.js';
import type { OrdinalRun } from './ordinal-holes.js';

/** Of the job index. */
interface RecordedArea {
  /** Position of the log behind which it began; 0n: it was never deleted. */
  readonly born: bigint;
  /** Behind the last ordinal. */
  readonly end: bigint;
}

/** The ordinals of the rows in runs and log, whether they are in their files as well or not, and what has to be there. */
export class PendingOrdinals {
  private readonly areas = new Map<string, OrdinalRun[]>();
  private readonly jobs = new Set<string>();
  private readonly recorded = new Map<string, RecordedArea>();

  get jobIds(): Iterable<string> {
    return this.jobs;
  }

  /** Ascending; they may overlap. */
  of(jobId: string, area: AreaName): readonly OrdinalRun[] {
    const runs = this.areas.get(`${area}/${jobId}`) ?? [];
    return runs.sort((one, other) => (one.first < other.first ? -1 : 1));
  }

  add(jobId: string, area: AreaName, first: bigint, last: bigint): void {
    const key = `${area}/${jobId}`;
    const runs = this.areas.get(key) ?? [];
    const newest = runs.at(-1);
    if (newest?.last === first - 1n) runs[runs.length - 1] = { first: newest.first, last };
    else runs.push({ first, last });
    this.areas.set(key, runs);
    this.jobs.add(jobId);
  }

  /** Rows that came before this position of the log go. */
  delete(jobId: string, area: AreaName, position: bigint): void {
    const key = `${area}/${jobId}`;
    this.areas.delete(key);
    const recorded = this.recorded.get(key);
    if (recorded && position > recorded.born) this.recorded.delete(key);
  }

  /** What the job index has of areas whose folder is there, or that had nothing in files: others were taken away by hand. */
  record(table: JobTable, folders: AreaFolders): void {
    for (const { job, name, area } of table.areas()) {
      const { jobId } = job;
      const { born, nextOrdinal: end } = area;
      const isGone = !folders[name].jobs.has(jobId) && area.files.some(({ synced }) => synced?.length !== 0);
      if (isGone || end === 0n) continue;
      this.recorded.set(`${name}/${jobId}`, { born, end });
      if (born === 0n) this.jobs.add(jobId);
    }
  }

  /** What lies before the first row that has to be there, and behind the last, as far as the job index knows. */
  ends(jobId: string, area: AreaName): readonly OrdinalRun[] {
    const recorded = this.recorded.get(`${area}/${jobId}`);
    if (!recorded) return [];
    const { born, end } = recorded;
    const behind = { first: end, last: end };
    // With which number a job goes on that was deleted before, nobody has written down.
    return born > 0n ? [behind] : [{ first: -1n, last: -1n }, behind];
  }
}
