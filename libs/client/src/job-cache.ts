import {
  applyCreate,
  applyDelete,
  applyUpdate,
  checkFilter,
  fieldsOf,
  liveRecord,
  selectPage,
  type Job,
  type JobFilter,
  type JobPage,
  type LiveRecord,
  type NewJob,
} from '@joblet/state-store';

/** The jobs of an adapter, by the rules of every store; each has its node and owner unless it says its own. */
export class JobCache {
  private readonly records = new Map<string, LiveRecord>();

  constructor(
    private readonly nodeId: string,
    private readonly owner: string,
    private readonly now: () => number,
  ) {}

  create(job: NewJob): Job {
    return this.set(applyCreate(this.records.get(job.uuid), this.completed(job), this.now()));
  }

  /** With the job as it was, and the fields that it does not have any more. */
  update(job: NewJob): { readonly job: Job; readonly before: Job; readonly removed: ReadonlySet<string> } {
    const record = this.records.get(job.uuid);
    const after = applyUpdate(record, this.completed(job), this.now());
    const before = record?.job ?? after.job;
    const fields = fieldsOf(after.job);
    const removed = new Set([...fieldsOf(before).keys()].filter((name) => !fields.has(name)));
    return { job: this.set(after), before, removed };
  }

  /** The owner of the job that was there. */
  delete(uuid: string): string {
    const record = this.records.get(uuid);
    applyDelete(record, uuid, this.now());
    this.records.delete(uuid);
    return record?.job.owner ?? this.owner;
  }

  get(uuid: string): Job | undefined {
    return this.records.get(uuid)?.job;
  }

  list(filter?: JobFilter): JobPage {
    return selectPage(this.jobs(), checkFilter(filter));
  }

  *jobs(): Generator<Job> {
    for (const record of this.records.values()) yield record.job;
  }

  /** A job of the service. */
  take(job: Job): void {
    this.set(liveRecord(job, false));
  }

  /** Somebody else has deleted it. */
  forget(uuid: string): void {
    this.records.delete(uuid);
  }

  private set(record: LiveRecord): Job {
    this.records.set(record.uuid, record);
    return record.job;
  }

  private completed(job: NewJob): NewJob {
    const { nodeId, owner } = this;
    const isWhole = (job.nodeId !== '' || nodeId === '') && (job.owner !== undefined || owner === '');
    if (isWhole) return job;
    const fields = new Map(job.fields);
    if (job.nodeId === '') fields.set('nodeId', JSON.stringify(nodeId));
    if (job.owner === undefined && owner !== '') fields.set('owner', JSON.stringify(owner));
    return { ...job, nodeId: job.nodeId === '' ? nodeId : job.nodeId, owner: job.owner ?? owner, fields };
  }
}
