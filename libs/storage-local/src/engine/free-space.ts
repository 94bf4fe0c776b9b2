import type { StatsFs } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { StorageError } from '@joblet/storage';
import { RESERVE_BYTES, RESERVE_SHARE, SEGMENT_SHARE, SPACE_ASKED_MS } from '../limits.js';
import type { EngineOptions } from './engine-options.js';

type SpaceOptions = Pick<
  EngineOptions,
  'baseDirectory' | 'logsDirectory' | 'metricsDirectory' | 'reserveBytes' | 'onEvent' | 'now'
>;

type AskSpace = (path: string) => Promise<Pick<StatsFs, 'bavail' | 'bsize' | 'blocks'>>;

/** Watches the space of the disks on which the store lies, and keeps a reserve for what has to be written all the same. */
export class FreeSpace {
  private readonly options: SpaceOptions;
  private readonly askSpace: AskSpace;
  private askedAt = -Infinity;
  private asking: Promise<void> | undefined;
  private reserve = 0;
  freeBytes = Infinity;
  isLow = false;

  /** `ask`: for tests. */
  constructor(options: SpaceOptions, ask: AskSpace = statfs) {
    this.options = options;
    this.askSpace = ask;
  }

  /** Rejects with NO_SPACE while less than the reserve is free. */
  async check(): Promise<void> {
    if (this.options.now() - this.askedAt >= SPACE_ASKED_MS) await this.ask();
    if (!this.isLow) return;
    const found = `found ${this.freeBytes} bytes free, expected ${this.reserve} at least`;
    throw new StorageError('NO_SPACE', `writing to ${this.options.baseDirectory}: ${found}; make room`);
  }

  ask(): Promise<void> {
    this.asking ??= this.askNow().finally(() => {
      this.asking = undefined;
    });
    return this.asking;
  }

  /** What a segment of the log may have. */
  segmentBytes(wanted: number): number {
    return Math.min(wanted, Math.max(1024 * 1024, Math.floor(this.freeBytes / SEGMENT_SHARE)));
  }

  private async askNow(): Promise<void> {
    const { baseDirectory, logsDirectory, metricsDirectory, onEvent, now } = this.options;
    const { reserveBytes = RESERVE_BYTES } = this.options;
    this.askedAt = now();
    let free = Infinity;
    let isLow = false;
    for (const path of new Set([baseDirectory, logsDirectory, metricsDirectory])) {
      const { bavail, bsize, blocks } = await this.askSpace(path);
      // A small disk has a smaller reserve.
      const reserve = Math.min(reserveBytes, Math.floor((blocks * bsize) / RESERVE_SHARE));
      if (bavail * bsize < reserve) isLow = true;
      if (bavail * bsize >= free) continue;
      free = bavail * bsize;
      this.reserve = reserve;
    }
    this.freeBytes = free;
    if (isLow === this.isLow) return;
    this.isLow = isLow;
    if (isLow) onEvent({ type: 'space-low', freeBytes: free, reserveBytes: this.reserve });
    else onEvent({ type: 'space-back', freeBytes: free });
  }
}
