import { randomUUID } from 'node:crypto';
import { applySync, StateStoreError, type Job, type JobRecord, type NewJob } from '@joblet/state-store';
import { OWN } from './attribute-names.js';
import { itemSize } from './item-size.js';
import { decodeItem, encodeItem, type Item, type ItemFormat } from './item.js';
import { CHANGE_ATTEMPTS_MAX, ITEM_BYTES_MAX, UNREADABLE_MAX } from './limits.js';
import type { Table } from './table.js';

/** Records of jobs as items of a table. `now` is Unix time in milliseconds. */
export class JobItems {
  /** Ids of some items that are no jobs, for the operator: lists leave them out. */
  readonly unreadable = new Set<string>();
  private readonly table: Table;
  private readonly format: ItemFormat;

  constructor(table: Table, ttl: ItemFormat['ttl']) {
    this.table = table;
    this.format = { keyName: table.keyName, ttl };
  }

  uuidOf(item: Item): string {
    return item[this.format.keyName]?.S ?? '';
  }

  async read(uuid: string, now: number): Promise<JobRecord | undefined> {
    return this.decode(await this.table.get(uuid), now);
  }

  /** The record of an item; undefined for none, and for one that has expired. INTERNAL when it is no job's. */
  decode(item: Item | undefined, now: number): JobRecord | undefined {
    if (item === undefined) return undefined;
    try {
      return decodeItem(item, now, this.format);
    } catch (error) {
      throw new StateStoreError('INTERNAL', `the item of job ${this.uuidOf(item)} is no job`, {
        cause: error,
      });
    }
  }

  /** Those that can be decoded. */
  readable(items: readonly Item[], now: number): Item[] {
    return items.filter((item) => this.tryDecode(item, now) !== 'unreadable');
  }

  *jobsOf(items: readonly Item[], now: number): Generator<Job> {
    for (const item of items) {
      const record = this.tryDecode(item, now);
      if (record !== 'unreadable' && record?.kind === 'job') yield record.job;
    }
  }

  /** The item of a job that a sync creates in the place of `before`, which is no job's. TOO_LARGE. */
  encodeNew(job: NewJob, now: number, before: Item | undefined): Item {
    const record = applySync(this.decode(before, now), job, now);
    if (record === undefined) throw new TypeError(`job ${job.uuid} is there already`);
    return this.encode(record, now, undefined);
  }

  /**
   * Replaces a record by what `apply` makes of it (undefined: it stays), on the condition that nobody has changed it
   * meanwhile, else again. `first` is the item as it was read, or as it probably is.
   */
  async change<Changed extends JobRecord | undefined>(
    now: number,
    first: Item | undefined,
    apply: (record: JobRecord | undefined) => Changed,
  ): Promise<{ readonly record: Changed; readonly item: Item | undefined }> {
    let before = first;
    for (let attempt = 1; attempt <= CHANGE_ATTEMPTS_MAX; attempt++) {
      const stored = this.decode(before, now);
      const record = apply(stored);
      if (record === undefined) return { record, item: before };
      const item = this.encode(record, now, stored?.kind === 'job' ? before : undefined);
      const outcome = await this.table.put(item, before);
      if (outcome.isWritten || isSameWrite(outcome.current, item)) return { record, item };
      if (outcome.isRepeated) {
        throw new StateStoreError(
          'UNAVAILABLE',
          `job ${record.uuid} was changed by others while a change of it was sent more than once: nobody knows whether it was made`,
        );
      }
      before = outcome.current;
    }
    throw new StateStoreError(
      'UNAVAILABLE',
      `a job was changed by others ${CHANGE_ATTEMPTS_MAX} times while it was being changed`,
    );
  }

  private encode(record: JobRecord, now: number, before: Item | undefined): Item {
    const item = encodeItem(record, randomUUID(), now, this.format, before);
    const bytes = itemSize(item);
    if (bytes <= ITEM_BYTES_MAX) return item;
    throw new StateStoreError(
      'TOO_LARGE',
      `job ${record.uuid} has ${bytes} bytes as an item of DynamoDB; expected at most ${ITEM_BYTES_MAX}`,
    );
  }

  private tryDecode(item: Item, now: number): JobRecord | 'unreadable' | undefined {
    try {
      return decodeItem(item, now, this.format);
    } catch {
      if (this.unreadable.size < UNREADABLE_MAX) this.unreadable.add(this.uuidOf(item));
      return 'unreadable';
    }
  }
}

/** The SDK sends a request again when its answer is lost: then the first one may be what is in the way. */
function isSameWrite(current: Item | undefined, item: Item): boolean {
  return current?.[OWN.writeId]?.S === item[OWN.writeId]?.S;
}
