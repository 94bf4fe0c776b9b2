import { isExpiredTombstone, type Item } from './item.js';
import { TOMBSTONES_MAX, TOMBSTONES_REMOVED_AT_ONCE } from './limits.js';
import type { Table } from './table.js';

/**
 * Removes tombstones that have expired: TTL takes days, and the Go service shows every item as a job. Those of this process
 * are known; those of others are found by scans.
 */
export class Tombstones {
  private readonly table: Table;
  /** In the order in which they expire, more or less. */
  private readonly waiting = new Set<Item>();

  constructor(table: Table) {
    this.table = table;
  }

  add(item: Item): void {
    if (this.waiting.size < TOMBSTONES_MAX) this.waiting.add(item);
  }

  hasExpired(now: number): boolean {
    const [first] = this.waiting;
    return first !== undefined && isExpiredTombstone(first, now);
  }

  /** Resolves when some that have expired are gone. Does not reject: TTL removes those that stay. */
  async removeExpired(now: number): Promise<void> {
    const expired: Item[] = [];
    for (const item of this.waiting) {
      if (expired.length === TOMBSTONES_REMOVED_AT_ONCE || !isExpiredTombstone(item, now)) break;
      this.waiting.delete(item);
      expired.push(item);
    }
    await Promise.allSettled(expired.map((item) => this.table.delete(item)));
  }
}
