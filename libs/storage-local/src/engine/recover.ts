import type { JobDeleter } from './delete-job.js';
import type { EngineCore } from './engine-core.js';
import { NO_FACTS } from './job-table.js';
import type { FileReader } from './known-areas.js';
import type { AreaName } from './log-entry.js';
import { partFirst } from './part.js';
import type { Pressure } from './pressure.js';
import { inspectFiles, type MissingRows, type RecoveryContext } from './inspect-files.js';
import { replayRows } from './replay-rows.js';
import { damagedEvent } from './salvage-pieces.js';
import { surveyLog, type LogSurvey } from './survey-log.js';

interface RecoveringParts {
  readonly core: EngineCore;
  readonly reader: FileReader;
  readonly deleter: JobDeleter;
  readonly pressure: Pressure;
}

interface RecoveryStart extends Pick<RecoveryContext, 'hasFolder'> {
  /** Where the log has to be read from, as the job index says. */
  readonly known: bigint | undefined;
  /** The log once had what is before it. */
  readonly usedUpTo: bigint;
}

/** Brings the engine to what the log, the runs and the files have: docs/adr/0009-recovery.md. */
export async function recover(parts: RecoveringParts, start: RecoveryStart): Promise<void> {
  const { core, reader, pressure } = parts;
  const { log, table, runs, options, deletions, sealer } = core;
  const isCut = log.end < start.usedUpTo;
  if (isCut) {
    const reason = `the log in ${log.directory} ends before what was in it`;
    options.onEvent({ type: 'log-hole', from: log.end, to: start.usedUpTo, reason });
    core.applied = start.usedUpTo;
  }
  // Runs that only the log could replace are looked at now; others when they are asked for.
  const damaged = await runs.damagedPieces((run) => run.position > log.start);
  const from = isCut || damaged.size > 0 || runs.isIncomplete ? undefined : start.known;
  await deletions.open();
  const survey = await surveyLog(log, table, from, options.onEvent);
  await carryDeletions(parts, survey);
  const missing = await inspectFiles(
    {
      ...{ log, table, runs, from, damaged },
      hasFolder: start.hasFolder,
      hasHoles: isCut || survey.holes > 0,
      isUncarried: (jobId, name) => deletions.isUncarried(name, jobId),
      readOrdinals: reader.ordinals.bind(reader),
      compression: options.compression,
      indexes: options.indexes,
      onDamaged: (piece) => options.onEvent(damagedEvent(piece)),
      onUnread: (jobId, area, error) => options.onEvent({ type: 'job-unread', jobId, area, error }),
    },
    survey,
  );
  const rows = await replay(parts, from, missing);
  core.isRecovered = true;
  sealer.pump();
  pressure.watch();
  if (rows > 0 || survey.deletions.length > 0)
    options.onEvent({ type: 'recovered', rows, deletions: survey.deletions.length });
}

/** Takes away the files of jobs that were deleted before the process ended. */
async function carryDeletions({ core, deleter }: RecoveringParts, survey: LogSurvey): Promise<void> {
  const { table, deletions, tellFailed } = core;
  for (const { jobId, name, record, position } of survey.deletions) {
    const area = table.jobs.get(jobId)?.[name];
    if (area) for (const file of area.files) file.counted = file.synced = NO_FACTS;
    deletions.add({ jobId, name, record, position, close: () => Promise.resolve() });
  }
  for (const { jobId, name } of survey.deletions)
    await deleter.carry(jobId, name).catch((error: unknown) => tellFailed(`deleting job ${jobId}`, error));
}

/** Rows of the log that are missing elsewhere are in memory again. Resolves to how many. */
async function replay(
  { core, pressure }: RecoveringParts,
  from: bigint | undefined,
  missing: MissingRows,
): Promise<number> {
  const { log, table, memory, sealer, tellFailed } = core;
  // Of these, rows may come back that lie before those that a run has: they are put in order before any is sealed.
  const mixed = new Set(table.pending.keys());
  for (const area of mixed) area.pausedUntil = Infinity;
  const rows = await replayRows(
    { log, table, from },
    missing,
    (job, area, { entry, picked, first, position }) => {
      const name: AreaName = entry.kind;
      table.pending.set(area, { job, name });
      const last = area.tail?.lastOrdinal;
      const isBetween = (ordinal: bigint): boolean => last !== undefined && ordinal > last && ordinal < first;
      if (mixed.has(area) && area.parts.some((part) => isBetween(partFirst(part)))) memory.freeze(area);
      const added = { bytes: entry.bytes, table: entry.table, picked };
      if (memory.add(area, added, picked.length, first, position)) sealer.seal(job, name, area, false);
    },
    // It has to go on with what the log has, also when there is room neither in memory nor on the disk.
    () => pressure.room().catch((error: unknown) => tellFailed('making room in memory', error)),
  );
  for (const area of mixed) {
    memory.freeze(area);
    area.parts.sort((a, b) => (partFirst(a) < partFirst(b) ? -1 : 1));
    area.pausedUntil = area.unread ? Infinity : 0;
  }
  return rows;
}
