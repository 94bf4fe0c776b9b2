import { ReadQueue, type JobRecord } from '@joblet/state-store';
import type { Database } from './database.js';
import { ExpiredTombstones } from './expired-tombstones.js';
import { fetchValues } from './fetch-values.js';
import { FETCHED_RECORDS_MAX } from './limits.js';
import { RecentRecords } from './recent-records.js';
import { changeRecord } from './record-entries.js';
import { decodeValue } from './record-value.js';
import { StoredRecords } from './stored-records.js';

/** The records on the disk, the recent ones in memory too. One write at a time, and it sees what it has loaded. */
export class RecordTable {
  private readonly database: Database;
  private readonly reads: ReadQueue<string>;
  private readonly recent = new RecentRecords();
  private readonly tombstones = new ExpiredTombstones();

  constructor(database: Database) {
    this.database = database;
    this.reads = new ReadQueue((uuids) => database.read((level) => fetchValues(level, uuids)), {
      fetchesAtOnce: 1,
      uuidsMax: FETCHED_RECORDS_MAX,
    });
  }

  /** INTERNAL when it is damaged. */
  async get(uuid: string): Promise<JobRecord | undefined> {
    const recent = this.recent.get(uuid);
    if (recent !== undefined) return recent;
    const keep = this.recent.reader();
    const value = await this.reads.get(uuid);
    if (value === undefined) return undefined;
    const record = decodeValue(uuid, value);
    keep(uuid, record);
    return record;
  }

  async load(uuids: ReadonlySet<string>): Promise<StoredRecords> {
    const records = new Map<string, JobRecord>();
    const others: string[] = [];
    for (const uuid of uuids) {
      const record = this.recent.get(uuid);
      if (record === undefined) others.push(uuid);
      else records.set(uuid, record);
    }
    if (others.length === 0) return new StoredRecords(records, new Map());
    return new StoredRecords(records, await this.database.read((level) => fetchValues(level, others)));
  }

  /** Uuids of tombstones to purge; most calls find none without looking. */
  async expired(now: number): Promise<readonly string[]> {
    if (!this.tombstones.isDue(now)) return [];
    return this.database.read((level) => this.tombstones.find(level, now));
  }

  /** All changes of the records at once. */
  async write(records: StoredRecords): Promise<void> {
    const changes = records.changes();
    if (changes.length === 0) return;
    try {
      await this.database.write((keys) => {
        for (const { uuid, before, after } of changes) changeRecord(keys, uuid, before, after);
      });
    } catch (error) {
      // They may have been written, or not.
      this.recent.clear();
      this.tombstones.lookAgain();
      throw error;
    }
    for (const { uuid, after } of changes) {
      this.recent.write(uuid, after);
      if (after?.kind === 'tombstone') this.tombstones.add(after.expiresAt);
    }
  }
}
