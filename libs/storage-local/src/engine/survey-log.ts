import type { WriteAheadLog } from '@joblet/wal';
import type { EngineEvent } from './engine-options.js';
import { graveKey, NO_FACTS, newArea, type JobTable } from './job-table.js';
import { decodeEntries, entryPosition, type AreaName, type BatchEntry, type LogEntry } from './log-entry.js';

/** An area of which the log, or a run, has rows. */
export interface TouchedArea {
  readonly jobId: string;
  readonly name: AreaName;
  /** The lowest ordinal. */
  first: bigint;
  /** Behind the highest. */
  end: bigint;
  isContiguous: boolean;
}

export interface FoundDeletion {
  readonly jobId: string;
  readonly name: AreaName;
  /** Of the log's record. */
  readonly record: bigint;
  /** Of the entry. */
  readonly position: bigint;
}

export interface LogSurvey {
  readonly touched: Map<string, TouchedArea>;
  /** Deletions whose files may still be there. */
  readonly deletions: FoundDeletion[];
  readonly holes: number;
}

interface PositionedEntry {
  /** Of the record. */
  readonly record: bigint;
  /** Of the entry. */
  readonly position: bigint;
  readonly entry: LogEntry;
}

/** The entries of the log's records in order; `onHole` is told what is missing between them. */
export async function* logEntries(
  log: WriteAheadLog,
  from: bigint | undefined,
  onHole: (hole: EngineEvent & { type: 'log-hole' }) => void,
): AsyncGenerator<PositionedEntry> {
  for await (const item of log.read(from === undefined ? {} : { from })) {
    const entries = item.kind === 'record' ? decodeEntries(item.payload) : undefined;
    if (item.kind === 'hole') onHole({ type: 'log-hole', from: item.from, to: item.to, reason: item.reason });
    else if (entries) {
      const record = item.position;
      for (const [index, entry] of entries.entries())
        yield { record, position: entryPosition(record, index), entry };
    } else {
      const reason = `a record is of another version: ${log.directory}`;
      onHole({ type: 'log-hole', from: item.position, to: item.end, reason });
    }
  }
}

/**
 * Brings the table to what the log says, but for rows. What the table has may be newer than the oldest records. `from`: of the oldest
 * record that is needed; absent: all.
 */
export async function surveyLog(
  log: WriteAheadLog,
  table: JobTable,
  from: bigint | undefined,
  onEvent: (event: EngineEvent) => void,
): Promise<LogSurvey> {
  const touched = new Map<string, TouchedArea>();
  let deletions: LogSurvey['deletions'] = [];
  let holes = 0;
  const entries = logEntries(log, from, (hole) => {
    holes++;
    onEvent(hole);
  });
  for await (const { record, position, entry } of entries) {
    switch (entry.type) {
      case 'batch':
        surveyBatch(entry, position, table, touched);
        break;
      case 'end':
        table.job(entry.jobId).end = entry.end;
        break;
      case 'deleted':
        deletions = deletions.filter((deletion) => deletion.position !== entry.position);
        break;
      case 'delete': {
        const job = table.job(entry.jobId);
        if (entry.whole) job.end = undefined;
        for (const { area: name, nextOrdinal } of entry.areas) {
          const area = job[name];
          const isNewer = area !== undefined && area.born >= position;
          // What is in files of the new start was put there after those of the old one were gone.
          if (!isNewer || area.files.every(({ synced }) => synced?.length === 0))
            deletions.push({ jobId: entry.jobId, name, record, position });
          if (isNewer) continue;
          const key = graveKey(name, entry.jobId);
          if (position > (table.graves.get(key) ?? 0n)) table.graves.set(key, position);
          touched.delete(key);
          job[name] = undefined;
          if (nextOrdinal === 0n) continue;
          job[name] = newArea(name, { facts: NO_FACTS, born: position });
          job[name].nextOrdinal = nextOrdinal;
        }
        table.forgetIfEmpty(job);
      }
    }
  }
  return { touched, deletions, holes };
}

function surveyBatch(
  entry: BatchEntry,
  position: bigint,
  table: JobTable,
  touched: Map<string, TouchedArea>,
): void {
  if (entry.source && !table.isStored(entry.source)) table.sources.set(entry.source.producer, entry.source);
  const rows = rowsByJob(entry);
  entry.table.jobIds.forEach((jobId, index) => {
    if (table.bornOf(jobId, entry.kind) > position) return;
    const area = table.area(jobId, entry.kind);
    table.job(jobId).end = undefined;
    const first = entry.firstOrdinals[index];
    const end = first + BigInt(rows[index]);
    if (end > area.nextOrdinal) area.nextOrdinal = end;
    area.arrival = Math.max(area.arrival, entry.arrival);
    touch(touched, jobId, entry.kind, first, end);
  });
}

export function touch(
  touched: Map<string, TouchedArea>,
  jobId: string,
  name: AreaName,
  first: bigint,
  end: bigint,
): void {
  const key = graveKey(name, jobId);
  const found = touched.get(key);
  if (!found) return void touched.set(key, { jobId, name, first, end, isContiguous: true });
  if (first > found.end || end < found.first) found.isContiguous = false;
  if (first < found.first) found.first = first;
  if (end > found.end) found.end = end;
}

/** How many rows each job of the batch has. */
export function rowsByJob({ table }: BatchEntry): number[] {
  if (table.jobIds.length === 1) return [table.starts.length];
  const counts = table.jobIds.map(() => 0);
  for (const job of table.jobOfRow) counts[job]++;
  return counts;
}
