import type { JobRecord } from '@joblet/state-store';
import { RECENT_BYTES_MAX, RECORD_OVERHEAD_BYTES } from './limits.js';

/** The records that were written or read last, as they are on the disk. */
export class RecentRecords {
  /** Least recently used first. */
  private readonly records = new Map<string, JobRecord>();
  private bytes = 0;
  private writes = 0;

  get(uuid: string): JobRecord | undefined {
    const record = this.records.get(uuid);
    if (record === undefined) return undefined;
    this.records.delete(uuid);
    this.records.set(uuid, record);
    return record;
  }

  /** What has just been written; undefined: nothing is stored any more. */
  write(uuid: string, record: JobRecord | undefined): void {
    this.writes++;
    this.remove(uuid);
    if (record !== undefined) this.add(uuid, record);
  }

  /** Begins a read: what it finds counts only if nothing has been written meanwhile. */
  reader(): (uuid: string, record: JobRecord) => void {
    const before = this.writes;
    return (uuid, record) => {
      if (this.writes === before && !this.records.has(uuid)) this.add(uuid, record);
    };
  }

  /** Nobody knows what is on the disk. */
  clear(): void {
    this.writes++;
    this.records.clear();
    this.bytes = 0;
  }

  private add(uuid: string, record: JobRecord): void {
    this.records.set(uuid, record);
    this.bytes += sizeOf(record);
    for (const oldest of this.records.keys()) {
      if (this.bytes <= RECENT_BYTES_MAX) return;
      this.remove(oldest);
    }
  }

  private remove(uuid: string): void {
    const record = this.records.get(uuid);
    if (record === undefined) return;
    this.records.delete(uuid);
    this.bytes -= sizeOf(record);
  }
}

function sizeOf(record: JobRecord): number {
  return RECORD_OVERHEAD_BYTES + (record.kind === 'job' ? record.job.json.length : 0);
}
