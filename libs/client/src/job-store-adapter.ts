import {
  isInScope,
  StateStoreError,
  type Job,
  type JobFilter,
  type JobPage,
  type NewJob,
} from '@joblet/state-store';
import { backOffMs } from './back-off.js';
import { JobCache } from './job-cache.js';
import { JobRetries } from './job-retries.js';
import {
  CHANGES_IN_FLIGHT_MAX,
  CLOSE_DEADLINE_MS,
  LIST_STATES_PAGE,
  RECONNECT_DELAY_MAX_MS,
  RECONNECT_DELAY_MS,
  STATE_DEADLINE_MS,
  SYNC_DELAY_MAX_MS,
  SYNC_DELAY_MS,
  UNSTORED_JOBS_MAX,
} from './limits.js';
import type { JobStoreAdapter, JobStoreAdapterOptions, JobStoreEvent } from './job-store.js';
import { callsOver, type StateClient } from './state-client.js';
import { StateConnection } from './state-connection.js';
import { asNewJob, storeChange, type StoredJob } from './store-change.js';
import { UnstoredChanges, type Change } from './unstored-changes.js';

/** A job as the service had it when it was last heard of, and on which connection that was. */
interface LastStored extends StoredJob {
  readonly connection: StateConnection | undefined;
}

/** See `JobStoreAdapter`. Connects by itself, again and again. */
export function createJobStoreAdapter(options: JobStoreAdapterOptions): JobStoreAdapter {
  return new Adapter(options);
}

class Adapter implements JobStoreAdapter {
  private readonly options: JobStoreAdapterOptions;
  private readonly owner: string;
  private readonly random: () => number;
  private readonly cache: JobCache;
  private readonly changes: UnstoredChanges;
  private readonly retries: JobRetries;
  private readonly lastStored = new Map<string, LastStored>();
  private connection: StateConnection | undefined;
  private client: Omit<StateClient, 'close'> | undefined;
  /** Whether changes may be sent: the connection is there, and what comes before them is done. */
  private isReady = false;
  private isLoaded = false;
  private wasReady = false;
  private isDisconnectTold = false;
  private attempts = 0;
  private reconnecting: NodeJS.Timeout | undefined;
  /** Of syncs on this connection, which the service refused. */
  private syncAttempts = 0;
  private syncing: NodeJS.Timeout | undefined;
  private droppedCount = 0;
  private isClosing = false;
  private isOver = false;
  private isAllStored = true;
  private onIdle: (() => void) | undefined;
  private onNoneInFlight: (() => void) | undefined;

  constructor(options: JobStoreAdapterOptions) {
    this.options = options;
    this.owner = options.owner ?? '';
    this.random = options.random ?? Math.random;
    this.cache = new JobCache(options.nodeId, this.owner, options.now ?? Date.now);
    this.changes = new UnstoredChanges(options.unstoredJobsMax ?? UNSTORED_JOBS_MAX);
    this.retries = new JobRetries(this.random, (uuid) => this.sendAgain(uuid));
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
    const created = this.cache.create(job);
    this.changed(job.uuid, { kind: 'create', owner: created.owner, removed: new Set() });
    return created;
  }

  update(job: NewJob): Job {
    this.checkOpen();
    const { job: updated, before, removed } = this.cache.update(job);
    this.changed(job.uuid, { kind: 'update', owner: before.owner, removed });
    return updated;
  }

  delete(uuid: string): void {
    this.checkOpen();
    const owner = this.cache.delete(uuid);
    this.changed(uuid, { kind: 'delete', owner, removed: new Set() });
  }

  get(uuid: string): Job | undefined {
    return this.cache.get(uuid);
  }

  list(filter?: JobFilter): JobPage {
    return this.cache.list(filter);
  }

  async close({ deadlineMs = CLOSE_DEADLINE_MS } = {}): Promise<{ unstored: number }> {
    this.isClosing = true;
    await this.idle(deadlineMs);
    this.isOver = true;
    for (const timer of [this.reconnecting, this.syncing]) clearTimeout(timer);
    this.retries.close();
    this.connection?.close();
    this.changes.putBack();
    const left = [...this.changes.takeAll().keys()];
    for (const uuid of left) this.drop(uuid, 'closed');
    return { unstored: left.length };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private checkOpen(): void {
    if (this.isClosing) throw StateStoreError.closed();
  }

  private changed(uuid: string, change: Change): void {
    this.isAllStored = false;
    if (this.changes.add(uuid, change)) this.sendSoon();
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
    clearTimeout(this.syncing);
    // Whose answer did not come may be what keeps the others from theirs, each time.
    const suspect = this.changes.oldestInFlight();
    if (suspect !== undefined) this.delay(suspect, error, { isItsFault: false });
    this.changes.putBack();
    this.onNoneInFlight?.();
    if (!this.isDisconnectTold) this.tell({ type: 'disconnected', error });
    this.isDisconnectTold = true;
    const limits = { firstMs: RECONNECT_DELAY_MS, mostMs: RECONNECT_DELAY_MAX_MS, random: this.random };
    this.reconnecting = setTimeout(() => this.connect(), backOffMs(this.attempts++, limits));
  }

  /** The connection is of use. One that breaks before anything was answered counts as none. */
  private calmDown(): void {
    this.attempts = 0;
    this.isDisconnectTold = false;
  }

  /** What a new connection begins with, before changes are sent. */
  private async begin(connection: StateConnection): Promise<void> {
    try {
      await this.client!.ping();
      this.syncAttempts = 0;
      if (this.options.onReconnect === 'sync') await this.trySync(connection);
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

  /** The service may have lost them: its store may be in memory. What it still has is not sent. */
  private replay(): void {
    for (const { uuid, owner } of this.cache.jobs())
      if (!this.changes.has(uuid)) this.changed(uuid, { kind: 'update', owner, removed: new Set() });
  }

  /** Rejects when the connection is over. What the service refuses is tried again later, and changes are sent meanwhile. */
  private async trySync(connection: StateConnection): Promise<void> {
    try {
      await this.sync(connection);
    } catch (thrown) {
      if (connection.isClosed) throw thrown;
      const error = toStateError(thrown);
      if (this.syncAttempts === 0) {
        this.tell({ type: 'sync-refused', error });
        this.replay();
      }
      // A set that is too large will be so again.
      if (error.code !== 'TOO_LARGE') this.syncLater(connection);
    }
  }

  private syncLater(connection: StateConnection): void {
    const limits = { firstMs: SYNC_DELAY_MS, mostMs: SYNC_DELAY_MAX_MS, random: this.random };
    this.syncing = setTimeout(() => void this.syncAgain(connection), backOffMs(this.syncAttempts++, limits));
  }

  private async syncAgain(connection: StateConnection): Promise<void> {
    this.isReady = false;
    // Of a change under way a part may still be to come, and must not be behind the sync.
    if (this.changes.inFlight > 0) await new Promise<void>((resolve) => (this.onNoneInFlight = resolve));
    try {
      await this.trySync(connection);
    } catch {
      // The connection has told that it is over.
      return;
    }
    this.isReady = true;
    this.send();
  }

  private async sync(connection: StateConnection): Promise<void> {
    const scope = { nodeId: this.options.nodeId, owner: this.owner };
    if (!this.isLoaded) await this.load();
    const jobs = [...this.cache.jobs()].filter((job) => isInScope(job, scope));
    const covered = this.changes.takeAll();
    try {
      const counts = await this.client!.sync(
        jobs.map((job) => asNewJob(job)),
        scope,
      );
      this.tell({ type: 'synced', counts });
    } catch (error) {
      this.changes.restore(covered);
      throw error;
    }
    for (const sent of jobs) {
      this.lastStored.set(sent.uuid, { sent, version: undefined, updatedAt: undefined, connection });
      this.retries.over(sent.uuid);
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
        if (this.cache.get(job.uuid) !== undefined || this.changes.has(job.uuid)) continue;
        this.cache.take(job);
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

  private sendAgain(uuid: string): void {
    this.changes.release(uuid);
    this.sendSoon();
  }

  private async store(uuid: string, change: Change): Promise<void> {
    const connection = this.connection!;
    const [job, last] = [this.cache.get(uuid), this.lastStored.get(uuid)];
    const isThere = last?.connection === connection;
    try {
      const stored = await storeChange(this.client!, { uuid, change, job, last, isThere });
      this.changes.done(uuid);
      this.retries.over(uuid);
      if (stored === undefined || job === undefined) this.lastStored.delete(uuid);
      else this.lastStored.set(uuid, { ...stampOf(stored), sent: job, connection });
    } catch (error) {
      // What was not answered is put back with the connection's end.
      if (connection.isClosed) return;
      this.notStored(uuid, toStateError(error));
    }
    this.calmDown();
    if (this.changes.inFlight === 0) this.onNoneInFlight?.();
    this.send();
  }

  private delay(uuid: string, error: StateStoreError, cause: { isItsFault: boolean }): void {
    this.changes.hold(uuid);
    if (this.retries.failed(uuid, cause)) this.tell({ type: 'delayed', uuid, error });
  }

  /** The answer was an error, of this job alone. */
  private notStored(uuid: string, error: StateStoreError): void {
    if (error.code === 'UNAVAILABLE' || error.code === 'LOCK_FAILED') {
      this.delay(uuid, error, { isItsFault: true });
      return;
    }
    this.retries.over(uuid);
    if (error.code === 'JOB_EXISTS' || error.code === 'JOB_NOT_FOUND') this.lastStored.delete(uuid);
    if (error.code !== 'JOB_NOT_FOUND') this.changes.done(uuid);
    else if (this.changes.doneForGood(uuid)) this.cache.forget(uuid);
    this.drop(uuid, 'refused', error);
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

function stampOf({ version, updatedAt }: Job): { version: number; updatedAt: string } {
  return { version, updatedAt };
}

function toStateError(thrown: unknown): StateStoreError {
  if (thrown instanceof StateStoreError) return thrown;
  return new StateStoreError('INTERNAL', String(thrown), { cause: thrown });
}
