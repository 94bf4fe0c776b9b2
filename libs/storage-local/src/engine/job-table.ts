import type { JobEnd, WriteSource } from '@joblet/storage';
import { FILES, type FoundFile, type Layout } from '../format/layout.js';
import type { AreaName } from './log-entry.js';
import type { Part, RunPart } from './part.js';
import type { RowBuffer } from './row-buffer.js';

/** What is known of the first bytes of a data file. Never changes. */
export interface FileFacts {
  readonly length: number;
  readonly rows: bigint;
  readonly contentBytes: bigint;
  /** Unix nanoseconds; 0n without rows. */
  readonly timeMin: bigint;
  readonly timeMax: bigint;
  /** -1n without rows. */
  readonly lastOrdinal: bigint;
}

export const NO_FACTS: FileFacts = {
  length: 0,
  rows: 0n,
  contentBytes: 0n,
  timeMin: 0n,
  timeMax: 0n,
  lastOrdinal: -1n,
};

/** What is known of the rows of files that were taken away because they were too many or too old. */
export interface LostRows {
  readonly stream: number;
  /** The number of the newest of them. */
  readonly upTo: number;
  readonly rows: bigint;
  /** Of content. */
  readonly bytes: bigint;
  readonly lastOrdinal: bigint;
  /** Of the newest row, Unix nanoseconds. */
  readonly time: bigint;
  readonly reason: string;
}

/** One data file of a job. What is behind the counted length is not there for anybody. */
export interface DataFile {
  readonly fileName: string;
  /** 1 stdout, 2 stderr, 0 metrics. */
  readonly stream: number;
  /** Of a rotated one, ascending in time; 0: it is, or may be, appended to. */
  readonly number: number;
  /** Of a rotated one: Unix milliseconds at which the last row came, at the latest. */
  readonly arrival: number;
  /** Undefined: nobody has looked yet; all of it counts. */
  counted: FileFacts | undefined;
  /** As `counted`, and durable with its name. */
  synced: FileFacts | undefined;
  /** Whether the file may have bytes behind those that count: the next append cuts them off. */
  hasRest: boolean;
  /** Bytes that were there when it was last rewritten, or found not to gain by it; 0: never. */
  rewritten: number;
}

/**
 * The logs, or the metrics, of a job. Rows are first in `tail`, then in `parts` (memory or runs), then in `files`; each is in exactly one of
 * them at any time, and their ordinals ascend in the order files, parts, tail, for each stream.
 */
export interface Area {
  /** Of each stream the oldest first. */
  files: readonly DataFile[];
  /** By stream. */
  lost: ReadonlyMap<number, LostRows>;
  parts: Part[];
  tail: RowBuffer | undefined;
  nextOrdinal: bigint;
  /** How much text the rows that were built last had, by what was expected. */
  textRatio: number;
  /** Known missing pieces in the files. */
  gaps: number;
  /** Unix milliseconds of the last rows that came; 0: not known. */
  arrival: number;
  /** Whether the files' sizes were compared with what is recorded. */
  isChecked: boolean;
  /** Rows of before this position of the log were deleted. */
  born: bigint;
  /** While rows leave `parts` for a file or a run: nothing but that may take parts away. */
  busy: Promise<void> | undefined;
  /** Run pieces whose rows are in the files, but not durably. */
  unsynced: RunPart[];
  /** Its job, or this part of it, was deleted: what is under way counts for nothing. */
  isGone: boolean;
  /** Milliseconds, how long sealing pauses after a failure; 0: it works. */
  pauseMs: number;
  pausedUntil: number;
  /**
   * What the system said when its files were looked at in vain while the store was opened. What of its rows is in them nobody knows then:
   * nothing is written to them before the store is opened again.
   */
  unread: Error | undefined;
}

export interface Job {
  readonly jobId: string;
  logs: Area | undefined;
  metrics: Area | undefined;
  end: JobEnd | undefined;
}

export const AREAS: readonly AreaName[] = ['logs', 'metrics'];

export function newArea(
  name: AreaName,
  { facts, born = 0n }: { facts: FileFacts | undefined; born?: bigint | undefined },
): Area {
  const files = FILES[name].map(({ fileName, stream }) => newFile({ fileName, stream, number: 0 }, facts));
  return {
    files,
    lost: new Map(),
    parts: [],
    tail: undefined,
    nextOrdinal: 0n,
    gaps: 0,
    textRatio: 1,
    arrival: 0,
    isChecked: facts !== undefined,
    born,
    busy: undefined,
    unsynced: [],
    isGone: false,
    pauseMs: 0,
    pausedUntil: 0,
    unread: undefined,
  };
}

export function newFile(
  { fileName, stream, number }: FoundFile,
  facts: FileFacts | undefined,
  arrival = 0,
): DataFile {
  return { fileName, stream, number, arrival, counted: facts, synced: facts, hasRest: false, rewritten: 0 };
}

/** Whether all numbers of the files are known. */
export function isKnown(area: Area): boolean {
  return area.files.every(({ counted }) => counted !== undefined);
}

export function hasPending(area: Area): boolean {
  return area.parts.length > 0 || area.tail !== undefined;
}

export function graveKey(area: AreaName, jobId: string): string {
  return `${area}/${jobId}`;
}

export function splitGraveKey(key: string): [area: string, jobId: string] {
  const at = key.indexOf('/');
  return [key.slice(0, at), key.slice(at + 1)];
}

/** All jobs of which anything is known, and what producers have stored. */
export class JobTable {
  readonly layout: Layout;
  readonly jobs = new Map<string, Job>();
  readonly sources = new Map<string, WriteSource>();
  /** Areas with rows that are not in their files. */
  readonly pending = new Map<Area, { readonly job: Job; readonly name: AreaName }>();
  /** Of what was deleted, by `graveKey`: where the log says so. Kept while a run or the log may have rows of before. */
  readonly graves = new Map<string, bigint>();
  /** Numbers of the runs that were there when the job index was written, and needed. */
  readonly runs = new Set<number>();

  constructor(layout: Layout) {
    this.layout = layout;
  }

  job(jobId: string): Job {
    let job = this.jobs.get(jobId);
    if (!job) this.jobs.set(jobId, (job = { jobId, logs: undefined, metrics: undefined, end: undefined }));
    return job;
  }

  /** Made, without any file, when it is not there. */
  area(jobId: string, name: AreaName): Area {
    const job = this.job(jobId);
    return (job[name] ??= newArea(name, { facts: NO_FACTS, born: this.graves.get(graveKey(name, jobId)) }));
  }

  /** Behind the newest deletion of the area: rows of before are not to come back. */
  bornOf(jobId: string, name: AreaName): bigint {
    const born = this.jobs.get(jobId)?.[name]?.born ?? 0n;
    const grave = this.graves.get(graveKey(name, jobId)) ?? 0n;
    return born > grave ? born : grave;
  }

  *areas(): Generator<{ job: Job; name: AreaName; area: Area }> {
    for (const job of this.jobs.values()) {
      for (const name of AREAS) {
        const area = job[name];
        if (area) yield { job, name, area };
      }
    }
  }

  forgetIfEmpty(job: Job): void {
    if (!job.logs && !job.metrics && !job.end) this.jobs.delete(job.jobId);
  }

  isStored({ producer, epoch, frame }: WriteSource): boolean {
    const last = this.sources.get(producer);
    return last !== undefined && (epoch < last.epoch || (epoch === last.epoch && frame <= last.frame));
  }
}
