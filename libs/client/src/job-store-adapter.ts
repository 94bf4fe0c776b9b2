import {
  applyCreate,
  applyDelete,
  applyUpdate,
  checkFilter,
  fieldsOf,
  isInScope,
  selectPage,
  StateStoreError,
  type Job,
  type JobFilter,
  type JobPage,
  type JobRecord,
  type NewJob,
} from '@joblet/state-store';
import {
  CHANGES_IN_FLIGHT_MAX,
  CLOSE_DEADLINE_MS,
  LIST_STATES_PAGE,
  RECONNECT_DELAY_MAX_MS,
  RECONNECT_DELAY_MS,
  STATE_DEADLINE_MS,
  UNSTORED_JOBS_MAX,
} from './limits.js';
import type { JobStoreAdapter, JobStoreAdapterOptions, JobStoreEvent } from './job-store.js';
import { callsOver, type StateClient } from './state-client.js';
import { StateConnection } from './state-connection.js';
import { asNewJob, storeChange } from './store-change.js';
import { UnstoredChanges, type Change, type ChangeKind } from './unstored-changes.js';

/** See `JobStoreAdapter`. Connects by itself, again and again. */
export function createJobStoreAdapter(options: JobStoreAdapterOptions): JobStoreAdapter {
  return new Adapter(options);
}

class Adapter implements JobStoreAdapter {
  private readonly options: JobStoreAdapterOptions;
  private readonly owner: string;
  private readonly now: () => number;
  private readonly records = new Map<string, JobRecord>();
  private readonly changes: UnstoredChanges;
  private connection: StateConnection | undefined;
  private client: Omit<StateClient, 'close'> | undefined;
  /** Whether changes may be sent: the connection is there, and what comes before them is done. */
  private isReady = false;
  private isLoaded = false;
  private wasReady = false;
  private isDisconnectTold = false;
  private attempts = 0;
  private retry: NodeJS.Timeout | undefined;
  private droppedCount = 0;
  private isClosing = false;
  private isOver = false;
  private isAllStored = true;
  private onIdle: (() => void) | undefined;

  constructor(options: JobStoreAdapterOptions) {
    this.options = options;
    this.owner = options.owner ?? '';
    this.now = options.now ?? Date.now;
    this.changes = new UnstoredChanges(options.unstoredJobsMax ?? UNSTORED_JOBS_MAX);
    this.connect();
  }

  get isConnected(): boolean {
    return this.isReady;
  }

  get unstored(): number {
    return this.changes.size;
  }

  get dropped(): number {
    return this.droppedCount;
  }

  create(job: NewJob): Job {
    this.checkOpen();
    const record = applyCreate(this.records.get(job.uuid), this.completed(job), this.now());
    this.records.set(job.uuid, record);
    this.changed(job.uuid, 'create');
    return record.job;
  }

  update(job: NewJob): Job {
    this.checkOpen();
    const before = this.records.get(job.uuid);
    const record = applyUpdate(before, this.completed(job), this.now());
    this.records.set(job.uuid, record);
    const fields = fieldsOf(record.job);
    const names = before?.kind === 'job' ? fieldsOf(before.job).keys() : [];
    this.changed(job.uuid, 'update', new Set([...names].filter((name) => !fields.has(name))));
    return record.job;
  }

  delete(uuid: string): void {
    this.checkOpen();
    applyDelete(this.records.get(uuid), uuid, this.now());
    this.records.delete(uuid);
    this.changed(uuid, 'delete');
  }

  get(uuid: string): Job | undefined {
    const record = this.records.get(uuid);
    return record?.kind === 'job' ? record.job : undefined;
  }

  list(filter?: JobFilter): JobPage {
    return selectPage(this.jobs(), checkFilter(filter));
  }

  async close({ deadlineMs = CLOSE_DEADLINE_MS } = {}): Promise<{ unstored: number }> {
    this.isClosing = true;
    await this.idle(deadlineMs);
    this.isOver = true;
    clearTimeout(this.retry);
    this.connection?.close();
    const left = this.changes.uuids();
    for (const uuid of left) {
      this.changes.putBack(uuid);
      this.drop(uuid, 'closed');
    }
    this.changes.takeAll();
    return { unstored: left.length };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private checkOpen(): void {
    if (this.isClosing) throw StateStoreError.closed();
  }

  private *jobs(): Generator<Job> {
    for (const record of this.records.values()) if (record.kind === 'job') yield record.job;
  }

  /** With this adapter's node and owner unless the job says its own. */
  private completed(job: NewJob): NewJob {
    const { nodeId } = this.options;
    const isWhole = (job.nodeId !== '' || nodeId === '') && (job.owner !== undefined || this.owner === '');
    if (isWhole) return job;
    const fields = new Map(job.fields);
    if (job.nodeId === '') fields.set('nodeId', JSON.stringify(nodeId));
    if (job.owner === undefined && this.owner !== '') fields.set('owner', JSON.stringify(this.owner));
    return {
      ...job,
      nodeId: job.nodeId === '' ? nodeId : job.nodeId,
      owner: job.owner ?? this.owner,
      fields,
    };
  }

  private changed(uuid: string, kind: ChangeKind, removed: ReadonlySet<string> = new Set()): void {
    this.isAllStored = false;
    if (this.changes.add(uuid, { kind, removed })) this.sendSoon();
    else this.drop(uuid, 'queue-full');
  }

  private drop(uuid: string, reason: 'queue-full' | 'refused' | 'closed', error?: StateStoreError): void {
    this.droppedCount++;
    this.tell({ type: 'dropped', uuid, reason, ...(error && { error }) });
  }

  private tell(event: JobStoreEvent): void {
    this.options.onEvent?.(event);
  }

  private connect(): void {
    const { socketPath, deadlineMs = STATE_DEADLINE_MS } = this.options;
    const connection = new StateConnection(
      socketPath,
      deadlineMs,
      () => void this.begin(connection),
      (error) => this.reconnect(error),
    );
    this.connection = connection;
    this.client = callsOver((call) => connection.call(call));
  }

  private reconnect(error: StateStoreError): void {
    this.isReady = false;
    if (error.code === 'CLOSED' || this.isOver) return;
    if (!this.isDisconnectTold) this.tell({ type: 'disconnected', error });
    this.isDisconnectTold = true;
    const { random = Math.random } = this.options;
    const delayMs = Math.min(RECONNECT_DELAY_MS * 2 ** this.attempts++, RECONNECT_DELAY_MAX_MS);
    this.retry = setTimeout(() => this.connect(), (delayMs * (1 + random())) / 2);
  }

  /** All is well. A service that is there, and stores nothing, is asked as seldom as one that is not. */
  private calmDown(): void {
    this.attempts = 0;
    this.isDisconnectTold = false;
  }

  /** What a new connection begins with, before changes are sent. */
  private async begin(connection: StateConnection): Promise<void> {
    try {
      await this.client!.ping();
      if (this.options.onReconnect === 'sync') await this.sync();
      else if (this.wasReady) this.replay();
    } catch (error) {
      // Whatever it is, the next attempt begins anew; a connection that broke has told so itself.
      if (connection.isClosed) return;
      connection.close();
      this.reconnect(toStateError(error));
      return;
    }
    this.wasReady = true;
    this.isReady = true;
    this.tell({ type: 'connected' });
    if (this.changes.size === 0) this.calmDown();
    this.send();
  }

  /** The service may have lost them: its store may be in memory. */
  private replay(): void {
    for (const { uuid } of this.jobs()) if (!this.changes.has(uuid)) this.changed(uuid, 'update');
  }

  private async sync(): Promise<void> {
    const scope = { nodeId: this.options.nodeId, owner: this.owner };
    if (!this.isLoaded) await this.load();
    const jobs = [...this.jobs()].filter((job) => isInScope(job, scope));
    const covered = this.changes.takeAll();
    try {
      const counts = await this.client!.sync(
        jobs.map((job) => asNewJob(job)),
        scope,
      );
      this.tell({ type: 'synced', counts });
    } catch (error) {
      this.changes.restore(covered);
      if (!(error instanceof StateStoreError) || error.code !== 'TOO_LARGE') throw error;
      this.tell({ type: 'sync-refused', error });
      this.replay();
      return;
    }
    // Jobs of other nodes or owners were not in it, and nobody knows any more whose a deleted one was.
    const given = new Set(jobs.map(({ uuid }) => uuid));
    this.changes.restore(new Map([...covered].filter(([uuid]) => !given.has(uuid))));
  }

  /** What was there before this process; what it has changed already counts more. */
  private async load(): Promise<void> {
    const filter = { nodeId: this.options.nodeId, owner: this.owner, limit: LIST_STATES_PAGE };
    let loaded = 0;
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const page: JobPage = await this.client!.list({ ...filter, ...(cursor !== '' && { cursor }) });
      for (const job of page.jobs) {
        if (this.records.has(job.uuid) || this.changes.has(job.uuid)) continue;
        this.records.set(job.uuid, {
          kind: 'job',
          uuid: job.uuid,
          version: job.version,
          job,
          isUpserted: false,
        });
        loaded++;
      }
      cursor = page.nextCursor;
    }
    this.isLoaded = true;
    this.tell({ type: 'loaded', jobs: loaded });
  }

  /** Not at once: what changes in one turn of the event loop is sent as one. */
  private sendSoon(): void {
    if (this.isReady) setImmediate(() => this.send());
  }

  private send(): void {
    while (this.isReady && this.changes.inFlight < CHANGES_IN_FLIGHT_MAX) {
      const next = this.changes.take();
      if (next === undefined) break;
      void this.store(next.uuid, next.change);
    }
    if (this.changes.size > 0) return;
    this.onIdle?.();
    if (!this.isAllStored) this.tell({ type: 'stored' });
    this.isAllStored = true;
  }

  private async store(uuid: string, change: Change): Promise<void> {
    const connection = this.connection;
    try {
      await storeChange(this.client!, uuid, change, this.get(uuid));
      this.changes.done(uuid);
      this.calmDown();
    } catch (thrown) {
      const error = toStateError(thrown);
      if (error.code === 'UNAVAILABLE' || error.code === 'CLOSED') {
        this.changes.putBack(uuid);
        // A service that answers so is asked again later, as one that is not there.
        if (connection?.isClosed === false) {
          connection.close();
          this.reconnect(error);
        }
        return;
      }
      this.changes.done(uuid);
      this.drop(uuid, 'refused', error);
    }
    this.send();
  }

  private async idle(deadlineMs: number): Promise<void> {
    if (this.changes.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, deadlineMs);
      this.onIdle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function toStateError(thrown: unknown): StateStoreError {
  if (thrown instanceof StateStoreError) return thrown;
  return new StateStoreError('INTERNAL', String(thrown), { cause: thrown });
}
