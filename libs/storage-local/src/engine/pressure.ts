import { StorageError } from '@joblet/storage';
import { LOG_SEGMENTS_MAX, LOG_SEGMENTS_WAIT, RUN_TAIL_BYTES, RUNS_MAX, SEGMENT_BYTES } from '../limits.js';
import type { Checkpoints } from './checkpoint.js';
import type { EngineCore } from './engine-core.js';
import type { Area } from './job-table.js';
import { partBytes } from './part.js';
import { memoryBytes, oldestPosition } from './row-memory.js';
import { spill } from './spill.js';

/** Moves rows out of memory and lets the log go when either has too much; writes wait while memory is full. */
export class Pressure {
  private readonly core: EngineCore;
  private readonly checkpoints: Checkpoints;
  private relieving: Promise<void> | undefined;
  private trimming: Promise<void> | undefined;
  /** The end of the log when rows were last moved for it to be trimmed. */
  private trimmedAt: bigint;
  private failure: unknown;

  constructor(core: EngineCore, checkpoints: Checkpoints) {
    this.core = core;
    this.checkpoints = checkpoints;
    this.trimmedAt = core.log.start;
  }

  /** Waits for room in memory and in the log. Rejects when there is no space, or no room can be made. */
  async admit(): Promise<void> {
    await this.core.space.check();
    await this.logRoom();
    await this.room();
  }

  /**
   * Waits until the log is short enough that a start can read it. Rejects when it cannot be trimmed. A single segment, which one large
   * record may have made long, is followed by another and trimmed then.
   */
  private async logRoom(): Promise<void> {
    const { log } = this.core;
    const bytes = (): number => Number(log.end - log.start);
    while (log.segments > 1 && bytes() > this.segmentBytes() * LOG_SEGMENTS_WAIT) {
      const { start } = log;
      // Each lets go of what the one before could do without.
      for (let time = 0; time < 2; time++)
        await this.trimLog().catch((error: unknown) => (this.failure = error));
      if (log.start > start) continue;
      const held = `${bytes()} bytes of the log are needed, since their rows can go to no file`;
      throw new StorageError('UNAVAILABLE', held, { cause: this.failure });
    }
  }

  /** Waits for room in memory. Rejects when none can be made. */
  async room(): Promise<void> {
    const { memory, sealer, options } = this.core;
    while (memory.held > options.memoryBytes) {
      const before = memory.held;
      // Blocks that are being built leave soon: to make smaller ones, or a run, would only be more work.
      if (!sealer.isBusy) await this.relieve();
      await sealer.progress();
      if (memory.held < before || sealer.isBusy) continue;
      const held = `${memory.held} bytes of rows wait in memory and can go to no file`;
      throw new StorageError('UNAVAILABLE', held, { cause: this.failure });
    }
  }

  /** After each group: whether memory or the log presses. */
  watch(): void {
    const { core, checkpoints } = this;
    if (!core.isRecovered) return;
    if (core.memory.tails > core.options.memoryBytes * 0.75)
      void this.relieve().catch((error: unknown) => core.tellFailed('making room in memory', error));
    const { end } = core.log;
    if (end - this.trimmedAt > BigInt(this.logBytesMax() / 2)) {
      this.trimmedAt = end;
      void this.trimLog().catch((error: unknown) => core.tellFailed('trimming the log', error));
    } else if (end - checkpoints.lastAt > BigInt(checkpoints.worthBytes())) {
      checkpoints.lastAt = end;
      void checkpoints.run().catch((error: unknown) => core.tellFailed('a checkpoint', error));
    }
  }

  /** Starts sealing what is large, and moves what is small to a run. */
  relieve(): Promise<void> {
    this.relieving ??= this.makeRoom(() => true, this.core.memory.held / 4)
      .catch((error: unknown) => {
        this.failure = error;
        this.core.tellFailed('writing a run', error);
      })
      .finally(() => {
        this.relieving = undefined;
      });
    return this.relieving;
  }

  /** Resolves when no room is being made. */
  async idle(): Promise<void> {
    await this.relieving;
    await this.trimming?.catch(() => undefined);
  }

  /** Moves all that is in memory to a run. */
  async spillAll(): Promise<void> {
    const { sealer, table, applied } = this.core;
    await sealer.idle();
    await spill(this.core, [...table.pending.keys()], applied);
  }

  private segmentBytes(): number {
    const { space, options } = this.core;
    return space.segmentBytes(options.segmentBytes ?? SEGMENT_BYTES);
  }

  private logBytesMax(): number {
    return LOG_SEGMENTS_MAX * this.segmentBytes();
  }

  private trimLog(): Promise<void> {
    this.trimming ??= this.trimNow().finally(() => {
      this.trimming = undefined;
    });
    return this.trimming;
  }

  /** Moves rows that only the older part of the log has, and then trims it. */
  private async trimNow(): Promise<void> {
    const { log, sealer, table } = this.core;
    const before = log.end - BigInt(Math.floor(this.logBytesMax() / 4));
    const isOld = (area: Area): boolean => (oldestPosition(area) ?? before) < before;
    await this.makeRoom(isOld);
    while (sealer.isBusy && [...table.pending.keys()].some(isOld)) {
      await sealer.progress();
      await this.makeRoom(isOld);
    }
    // One that is under way may not know yet of what has just been moved.
    await this.checkpoints.idle().catch(() => undefined);
    await this.checkpoints.run();
  }

  /** When what is large enough for blocks has `bytesEnough`, what is small stays. */
  private async makeRoom(wants: (area: Area) => boolean, bytesEnough = Infinity): Promise<void> {
    const { core } = this;
    const { table, sealer } = core;
    const small: Area[] = [];
    let sealing = 0;
    for (const [area, { job, name }] of table.pending) {
      const bytes = memoryBytes(area);
      if (bytes === 0 || area.busy || !wants(area)) continue;
      if (bytes >= RUN_TAIL_BYTES && !sealer.isPaused(area)) {
        sealer.seal(job, name, area, true);
        sealing += bytes;
      } else small.push(area);
    }
    if (small.length === 0 || sealing >= bytesEnough) return;
    await spill(core, small, core.applied);
    sealer.pump();
    this.sealRuns();
    void this.checkpoints.run().catch((error: unknown) => core.tellFailed('a checkpoint', error));
  }

  /** Jobs that have a block's worth in runs, or rows in runs that have become too many. */
  private sealRuns(): void {
    const { table, runs, sealer, options } = this.core;
    const tooOld = new Set(runs.runs.slice(0, Math.max(0, runs.runs.length - RUNS_MAX)));
    for (const [area, { job, name }] of table.pending) {
      const bytes = area.parts.reduce((sum, part) => sum + partBytes(part), 0);
      const isOld = area.parts.some((part) => part.kind === 'run' && tooOld.has(part.run));
      if (isOld || bytes >= options.blockBytes) sealer.seal(job, name, area, true);
    }
  }
}
