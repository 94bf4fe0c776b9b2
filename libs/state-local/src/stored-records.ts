import type { JobRecord } from '@joblet/state-store';
import { decodeValue } from './record-value.js';

export interface RecordChange {
  readonly uuid: string;
  /** What is stored; undefined: nothing. */
  readonly before: JobRecord | undefined;
  /** What is to be stored; undefined: nothing. */
  readonly after: JobRecord | undefined;
}

/** Some records as they are stored, and what is to become of them. */
export class StoredRecords {
  private readonly records: Map<string, JobRecord>;
  private readonly values: ReadonlyMap<string, string>;
  private readonly changed = new Map<string, JobRecord | undefined>();

  /** `values` has the texts of those that are not among the records. */
  constructor(records: Map<string, JobRecord>, values: ReadonlyMap<string, string>) {
    this.records = records;
    this.values = values;
  }

  /** As changed last; a tombstone that has expired by `now` is as good as nothing. INTERNAL when it is damaged. */
  valid(uuid: string, now: number): JobRecord | undefined {
    const record = this.changed.has(uuid) ? this.changed.get(uuid) : this.stored(uuid);
    return record?.kind === 'tombstone' && record.expiresAt <= now ? undefined : record;
  }

  set(uuid: string, record: JobRecord): void {
    this.changed.set(uuid, record);
  }

  /** Removes a tombstone that has expired. */
  purge(uuid: string, now: number): void {
    if (this.valid(uuid, now) === undefined) this.changed.set(uuid, undefined);
  }

  changes(): RecordChange[] {
    return [...this.changed].map(([uuid, after]) => ({ uuid, before: this.stored(uuid), after }));
  }

  private stored(uuid: string): JobRecord | undefined {
    let record = this.records.get(uuid);
    const value = this.values.get(uuid);
    if (record === undefined && value !== undefined) {
      this.records.set(uuid, (record = decodeValue(uuid, value)));
    }
    return record;
  }
}
