import { join } from 'node:path';
import { JOB_INDEX_FILE } from '../format/file-names.js';
import { CHECKPOINT_BYTES, CHECKPOINT_BYTES_PER_FILE, CHECKPOINT_BYTES_PER_JOB } from '../limits.js';
import type { OwnedFile } from './data-files.js';
import type { EngineCore } from './engine-core.js';
import { writeJobIndex } from './job-index.js';
import { restoreUnsynced } from './restore-unsynced.js';
import { oldestPosition } from './row-memory.js';

/** Makes durable what is in files, then lets the log go that is not needed for it any more. */
export class Checkpoints {
  private readonly core: EngineCore;
  private running: Promise<void> | undefined;
  /** Rows that a failed sync has taken out of files and that are not back yet: nothing of the log may go. */
  private restoring = 0;
  private restored: Promise<unknown> = Promise.resolve();
  /** The end of the log at the last one. */
  lastAt: bigint;
  /** Of the oldest log record that the newest job index needs; undefined: there is none. */
  private indexedAt: bigint | undefined;

  constructor(core: EngineCore, indexedAt: bigint | undefined) {
    this.core = core;
    this.lastAt = core.log.start;
    this.indexedAt = indexedAt;
  }

  run(): Promise<void> {
    if (!this.core.isRecovered) return Promise.resolve();
    this.running ??= this.runNow().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  /** Bytes that the log has to have grown by for one to pay, although nothing presses. */
  worthBytes(): number {
    const { files, table } = this.core;
    return Math.max(
      CHECKPOINT_BYTES,
      files.size * CHECKPOINT_BYTES_PER_FILE,
      table.jobs.size * CHECKPOINT_BYTES_PER_JOB,
    );
  }

  /** Resolves when the one under way, if any, has ended, and what it found lost is back, or waits; rejects when it fails. */
  async idle(): Promise<void> {
    await this.running;
    await this.restored;
  }

  /** To be called by what syncs data files. */
  onSyncFailed(owned: OwnedFile, error: unknown): void {
    const { core } = this;
    core.options.onEvent({ type: 'sync-failed', path: owned.path, error });
    this.restoring++;
    const { table, memory, runs, log } = core;
    const restore = async (pauseMs: number): Promise<void> => {
      try {
        await restoreUnsynced({ table, memory, runs, log, position: () => core.applied }, owned);
        this.restoring--;
      } catch (failure) {
        core.tellFailed(`bringing back rows of ${owned.path}`, failure);
        setTimeout(() => void restore(Math.min(pauseMs * 2, 60_000)), pauseMs).unref();
      }
    };
    this.restored = Promise.all([this.restored, restore(1_000)]);
  }

  private async runNow(): Promise<void> {
    const { table, runs, files, log, options } = this.core;
    // In one turn: what is in files now is durable after the sync; what is not may be in the log alone.
    const position = this.trimmable();
    const unsynced = [...table.areas()].flatMap(({ area }) => {
      const parts = area.unsynced;
      return parts.length > 0 ? [{ area, parts: [...parts] }] : [];
    });
    const isGood = await files.syncAll();
    if (!isGood || this.restoring > 0) return;
    for (const { area, parts } of unsynced) {
      if (area.isGone) continue;
      for (const { run } of parts) run.live--;
      area.unsynced = area.unsynced.filter((part) => !parts.includes(part));
    }
    const dead = runs.runs.filter(({ live }) => live === 0);
    for (const [key, born] of table.graves)
      if (born < log.start && !runs.runs.some((run) => run.position <= born)) table.graves.delete(key);
    // What the index knows from the log is not to be ahead of it.
    if (options.sync !== 'always') await log.sync();
    const needed = runs.runs.filter((run) => !dead.includes(run)).map(({ number }) => number);
    await writeJobIndex(join(options.baseDirectory, JOB_INDEX_FILE), table, position, needed);
    await runs.removeDead(dead);
    // The index before this one is as good, with what the log has since then.
    const kept = this.indexedAt;
    this.indexedAt = position;
    if (this.restoring === 0 && kept !== undefined) await log.trim(kept);
    this.lastAt = log.end;
  }

  /** Of the oldest record that is still needed. */
  private trimmable(): bigint {
    const { table, deletions } = this.core;
    let position = this.core.applied;
    for (const area of table.pending.keys()) {
      const oldest = oldestPosition(area);
      if (oldest !== undefined && oldest < position) position = oldest;
    }
    const deletion = deletions.oldestRecord;
    return deletion !== undefined && deletion < position ? deletion : position;
  }
}
