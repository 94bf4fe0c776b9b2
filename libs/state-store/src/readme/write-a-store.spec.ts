import { describe, it } from '@jest/globals'; // or from vitest, node:test, or mocha's own
import * as state from '../index.js';
import { stateStoreConformance } from '../conformance.js';

const SUPPORTS = { durable: false, atomicSync: true, ttl: false };

class SmallStore implements state.StateStore {
  readonly supports = SUPPORTS;
  private readonly records = new Map<string, string>(); // what a medium keeps
  private isClosed = false;

  constructor(private readonly now: () => number) {}

  async create(job: state.NewJob, options?: state.CreateOptions) {
    return this.write(state.applyCreate(this.read(job.uuid), job, this.now(), options));
  }

  async get(uuid: string) {
    const record = this.read(uuid);
    if (record?.kind !== 'job') throw state.StateStoreError.jobNotFound(uuid);
    return record.job;
  }

  async update(job: state.NewJob, options: state.UpdateOptions = {}) {
    state.checkExpectedVersion(options.expectedVersion);
    return this.write(state.applyUpdate(this.read(job.uuid), job, this.now(), options));
  }

  async delete(uuid: string, options: state.DeleteOptions = {}) {
    state.checkExpectedVersion(options.expectedVersion);
    this.put(state.applyDelete(this.read(uuid), uuid, this.now(), options));
  }

  async list(filter?: state.JobFilter) {
    const jobs = [...this.readAll().values()].flatMap((record) => (record.kind === 'job' ? record.job : []));
    return state.selectPage(jobs, state.checkFilter(filter));
  }

  async sync(jobs: readonly state.NewJob[], scope: state.SyncScope) {
    const { writes, counts } = state.planSync(jobs, scope, this.readAll(), this.now());
    for (const record of writes) this.put(record);
    return counts;
  }

  async healthCheck() {
    return { ok: !this.isClosed, details: [] };
  }

  async close() {
    this.isClosed = true;
  }

  async [Symbol.asyncDispose]() {
    await this.close();
  }

  // Reading, applying and writing are one step here; elsewhere, write only if the version is still the same, or start again.
  private read(uuid: string) {
    if (this.isClosed) throw state.StateStoreError.closed();
    state.checkUuid(uuid);
    const text = this.records.get(uuid);
    return text === undefined ? undefined : state.decodeRecord(text);
  }

  private readAll() {
    if (this.isClosed) throw state.StateStoreError.closed();
    return new Map([...this.records].map(([uuid, text]) => [uuid, state.decodeRecord(text)]));
  }

  private write(record: state.LiveRecord) {
    this.put(record);
    return record.job;
  }

  private put(record: state.JobRecord) {
    this.records.set(record.uuid, state.encodeRecord(record));
  }
}

stateStoreConformance({
  test: { describe, it },
  create: async ({ now }) => ({ store: new SmallStore(now), dispose: async () => undefined }),
  supports: SUPPORTS,
});
