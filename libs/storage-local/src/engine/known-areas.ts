import { statsOf } from '../disk/stats-of.js';
import { toStorageError } from '../errors.js';
import type { Survey } from '../read/reader.js';
import type { Deletions } from './deletions.js';
import { isKnown, type Area, type Job, type JobTable } from './job-table.js';
import type { AreaName } from './log-entry.js';
import { adopt, checkSizes } from './open-area.js';

/** What the engine asks of whoever reads files. */
export interface FileReader {
  /** `path`: of this file alone. */
  survey(jobId: string, name: AreaName, path?: string): Promise<Survey>;
  ordinals(jobId: string, name: AreaName, first: bigint): Promise<ReadonlySet<bigint>>;
}

/** Finds jobs, and looks at the files of those that nobody has looked at yet. */
export class KnownAreas {
  private readonly table: JobTable;
  private readonly deletions: Deletions;
  private readonly reader: FileReader;
  private readonly knowing = new Map<Area, Promise<void>>();

  constructor(table: JobTable, deletions: Deletions, reader: FileReader) {
    this.table = table;
    this.deletions = deletions;
    this.reader = reader;
  }

  find(jobId: string): Job | undefined {
    return (
      this.table.jobs.get(jobId) ??
      adopt(this.table, jobId, (name) => this.deletions.isUncarried(name, jobId))
    );
  }

  /** Whether the files are as they were left; those that a deletion has left are none of the area's. */
  check(job: Job, name: AreaName, area: Area): void {
    if (this.deletions.isUncarried(name, job.jobId) || area.unread) return;
    try {
      checkSizes(this.table, job, name, area);
    } catch (error) {
      throw toStorageError(error, `looking at the ${name} of job ${job.jobId}`);
    }
  }

  async areaIfKnown(jobId: string, name: AreaName): Promise<Area | undefined> {
    const job = this.find(jobId);
    return job?.[name] && this.know(job, name, job[name]);
  }

  /** Looks at the area's files when nobody has yet. */
  async know(job: Job, name: AreaName, area: Area): Promise<Area> {
    if (area.unread) throw toStorageError(area.unread, `looking at the ${name} of job ${job.jobId}`);
    if (!area.isChecked) this.check(job, name, area);
    if (isKnown(area)) return area;
    let knowing = this.knowing.get(area);
    if (!knowing) {
      knowing = this.survey(job, name, area).finally(() => this.knowing.delete(area));
      this.knowing.set(area, knowing);
    }
    await knowing;
    return area;
  }

  private async survey(job: Job, name: AreaName, area: Area): Promise<void> {
    const { nextOrdinal, totals, gaps } = await this.reader.survey(job.jobId, name);
    if (nextOrdinal > area.nextOrdinal) area.nextOrdinal = nextOrdinal;
    area.gaps = gaps;
    const counted = new Set<number>();
    const isRotated = area.files.some(({ number }) => number > 0);
    for (const file of area.files) {
      const path = this.table.layout.path({ area: name, jobId: job.jobId, fileName: file.fileName });
      const stats = statsOf(path);
      const length = stats?.isFile() ? stats.size : 0;
      const own = isRotated && length > 0 ? await this.reader.survey(job.jobId, name, path) : undefined;
      // All rows of a stream are counted with the first of its files: which has how many, nobody asks. Rotated files go one by one.
      const isFirst = length > 0 && !counted.has(file.stream);
      if (isFirst) counted.add(file.stream);
      const ofFile = own ? own.totals.get(file.stream) : isFirst ? totals.get(file.stream) : undefined;
      const { rows = 0n, contentBytes = 0n, timeMin = 0n, timeMax = 0n } = ofFile ?? {};
      const behind = own && file.number > 0 ? own.nextOrdinal : nextOrdinal;
      file.counted = { length, rows, contentBytes, timeMin, timeMax, lastOrdinal: behind - 1n };
      file.synced = file.counted;
    }
  }
}
