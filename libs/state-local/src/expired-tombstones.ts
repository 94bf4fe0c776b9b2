import type { ClassicLevel } from 'classic-level';
import { tombstoneOf, tombstones } from './keys.js';
import { PURGE_INTERVAL_MS, PURGED_TOMBSTONES_MAX } from './limits.js';
import { scan } from './scan.js';

/** Finds the tombstones that have expired, without looking each time. */
export class ExpiredTombstones {
  /** Unix time in milliseconds. */
  private nextLook = 0;

  /** A tombstone is written. */
  add(expiresAt: number): void {
    this.nextLook = Math.min(this.nextLook, expiresAt + PURGE_INTERVAL_MS);
  }

  /** Whether it is worth a look. */
  isDue(now: number): boolean {
    return now >= this.nextLook;
  }

  /** Uuids of some that have expired. */
  async find(level: ClassicLevel<string, string>, now: number): Promise<string[]> {
    const entries = await scan(level, tombstones, { limit: PURGED_TOMBSTONES_MAX });
    const found = entries.map(([key]) => tombstoneOf(key));
    const waiting = found.find(({ expiresAt }) => expiresAt > now);
    if (waiting !== undefined) this.nextLook = waiting.expiresAt + PURGE_INTERVAL_MS;
    else this.nextLook = found.length < PURGED_TOMBSTONES_MAX ? Infinity : 0;
    return found.filter(({ expiresAt }) => expiresAt <= now).map(({ uuid }) => uuid);
  }

  /** Those that were found may not have been removed. */
  lookAgain(): void {
    this.nextLook = 0;
  }
}
