import { checkJobId, StorageError } from '@joblet/storage';
import type { PlannedGroup } from './commit-queue.js';
import type { EngineCore } from './engine-core.js';
import { toEngineError } from './engine-error.js';
import { AREAS, graveKey, newArea, NO_FACTS, type Area } from './job-table.js';
import type { KnownAreas } from './known-areas.js';
import type { AreaName, LogEntry } from './log-entry.js';

type DeleteEntry = LogEntry & { type: 'delete' };

/** Deletes jobs, and areas of them: said in the log first, then gone for readers, then for the disk. */
export class JobDeleter {
  private readonly core: EngineCore;
  private readonly known: KnownAreas;

  constructor(core: EngineCore, known: KnownAreas) {
    this.core = core;
    this.known = known;
  }

  /** What is left of a job that has no row and no end is forgotten with the rest. `keep`: areas are numbered on. */
  async delete(
    jobId: string,
    namesOf: (group: PlannedGroup) => readonly AreaName[],
    keep = false,
  ): Promise<void> {
    checkJobId(jobId);
    let deleted: DeleteEntry = { type: 'delete', jobId, whole: false, areas: [] };
    try {
      await this.core.queue.add({
        bytes: 0,
        plan: async (group) => {
          if (!(group.isPlanned(jobId) ?? this.known.find(jobId) !== undefined))
            throw StorageError.jobNotFound(jobId);
          const names = namesOf(group);
          if (names.length === 0) return [];
          deleted = this.plan(group, jobId, names, keep);
          return [deleted];
        },
        apply: (record, position) => this.apply(deleted, record, position),
      });
    } catch (error) {
      throw toEngineError(error, `deleting job ${jobId}`);
    }
    await this.carryAll(
      jobId,
      deleted.areas.map(({ area }) => area),
    );
  }

  /** Resolves also when it cannot be carried out now: it will be, the log has it. */
  async carryAll(jobId: string, names: readonly AreaName[]): Promise<void> {
    for (const name of names) {
      await this.carry(jobId, name).catch((error: unknown) =>
        this.core.tellFailed(`deleting job ${jobId}`, error),
      );
    }
  }

  /** Takes from the disk what was deleted of the job; the log is told when that is done. */
  async carry(jobId: string, name: AreaName): Promise<void> {
    const { deletions, queue } = this.core;
    if (!deletions.isUncarried(name, jobId)) return;
    const before = deletions.positions;
    await deletions.carry(name, jobId);
    for (const position of before) {
      if (deletions.hasAt(position)) continue;
      // Not awaited: what carries it out again at the next start finds the same.
      void queue
        .add({
          bytes: 0,
          plan: () => Promise.resolve([{ type: 'deleted', position }]),
          apply: () => undefined,
        })
        .catch((error: unknown) => this.core.tellFailed(`deleting job ${jobId}`, error));
    }
  }

  private plan(group: PlannedGroup, jobId: string, names: readonly AreaName[], keep: boolean): DeleteEntry {
    const job = this.core.table.jobs.get(jobId);
    const whole =
      names.length === AREAS.length && !keep
        ? true
        : !(group.hasEnd(jobId) ?? job?.end !== undefined) &&
          AREAS.every((name) => {
            const area = job?.[name];
            return names.includes(name) || !(group.hasRows(name, jobId) ?? (area && !isEmptyArea(area)));
          });
    const areas = (whole ? AREAS : names).map((area) => ({
      area,
      nextOrdinal: keep && !whole ? group.nextOrdinal(area, jobId) : 0n,
    }));
    for (const { area, nextOrdinal } of areas) group.setNextOrdinal(area, jobId, nextOrdinal);
    if (whole) group.setEnd(jobId, false);
    group.setPlanned(jobId, !whole);
    return { type: 'delete', jobId, whole, areas };
  }

  private apply({ jobId, whole, areas }: DeleteEntry, record: bigint, position: bigint): void {
    if (areas.length === 0) return;
    const { table, files, deletions, options } = this.core;
    const job = table.job(jobId);
    if (whole) job.end = undefined;
    for (const { area: name, nextOrdinal } of areas) {
      const area = job[name];
      table.graves.set(graveKey(name, jobId), position);
      job[name] = undefined;
      if (area) this.bury(area);
      if (nextOrdinal > 0n) {
        job[name] = newArea(name, { facts: NO_FACTS, born: position });
        job[name].nextOrdinal = nextOrdinal;
      }
      const paths = (area?.files ?? []).map(({ fileName }) =>
        table.layout.path({ area: name, jobId, fileName }),
      );
      const close = async (): Promise<void> => {
        files.forget(paths);
        for (const path of paths) await options.indexes.drop(path);
      };
      deletions.add({ jobId, name, record, position, area, close });
    }
    table.forgetIfEmpty(job);
  }

  private bury(area: Area): void {
    const { table, memory, sealer } = this.core;
    area.isGone = true;
    table.pending.delete(area);
    memory.freeze(area);
    for (const part of area.parts) {
      if (part.kind === 'memory') memory.dropped(part);
      else part.run.live--;
    }
    for (const { run } of area.unsynced) run.live--;
    if (area.pauseMs > 0) sealer.parked--;
    area.parts = [];
    area.unsynced = [];
  }
}

function isEmptyArea(area: Area): boolean {
  return area.parts.length === 0 && !area.tail && area.files.every(({ counted }) => counted?.length === 0);
}
