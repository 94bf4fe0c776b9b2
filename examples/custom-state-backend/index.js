// @ts-check
import { resolve } from 'node:path';
import * as state from '@joblet/state-store';
import { Journal } from './journal.js';

export const supports = { durable: true, atomicSync: true, ttl: false };

/**
 * For `state.backend`: jobs in memory, and every change in a file.
 *
 * @param {Record<string, unknown>} options
 * @param {{ folder: string, now?: () => number }} context
 */
export default async function openJournalStore({ path, ...rest }, { folder, now = Date.now }) {
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined)
    throw new state.StateStoreError('INVALID_ARGUMENT', `option ${unknown} is not known; expected path`);
  if (typeof path !== 'string' || path === '')
    throw new state.StateStoreError(
      'INVALID_ARGUMENT',
      `option path is ${typeof path}; expected a file's path`,
    );
  const file = resolve(folder, path);
  /** @type {Map<string, state.JobRecord>} */
  const records = new Map();
  for (const change of await Journal.read(file)) {
    for (const text of change) {
      const record = state.decodeRecord(text);
      records.set(record.uuid, record);
    }
  }
  for (const record of records.values())
    if (record.kind === 'tombstone' && !state.isTombstone(record, now())) records.delete(record.uuid);
  const journal = await Journal.create(file, [...records.values()].map(state.encodeRecord));
  return new JournalStore(journal, records, now);
}

/** @implements {state.StateStore} */
class JournalStore {
  supports = supports;
  #journal;
  #records;
  #now;
  #isClosed = false;
  /** The last change: one begins when the one before it is on the disk. @type {Promise<unknown>} */
  #last = Promise.resolve();

  /**
   * @param {Journal} journal
   * @param {Map<string, state.JobRecord>} records
   * @param {() => number} now
   */
  constructor(journal, records, now) {
    this.#journal = journal;
    this.#records = records;
    this.#now = now;
  }

  /** @type {state.StateStore['create']} */
  async create(job, options) {
    return this.#change(() => state.applyCreate(this.#records.get(job.uuid), job, this.#now(), options));
  }

  /** @type {state.StateStore['update']} */
  async update(job, options = {}) {
    state.checkExpectedVersion(options.expectedVersion);
    return this.#change(() => state.applyUpdate(this.#records.get(job.uuid), job, this.#now(), options));
  }

  /** @type {state.StateStore['delete']} */
  async delete(uuid, options = {}) {
    state.checkUuid(uuid);
    state.checkExpectedVersion(options.expectedVersion);
    await this.#inTurn(() =>
      this.#write([state.applyDelete(this.#records.get(uuid), uuid, this.#now(), options)]),
    );
  }

  /** @type {state.StateStore['sync']} */
  async sync(jobs, scope) {
    return this.#inTurn(async () => {
      const { writes, counts } = state.planSync(jobs, scope, this.#records, this.#now());
      if (writes.length > 0) await this.#write(writes);
      return counts;
    });
  }

  /** @type {state.StateStore['get']} */
  async get(uuid) {
    this.#checkOpen();
    state.checkUuid(uuid);
    const record = this.#records.get(uuid);
    if (record?.kind !== 'job') throw state.StateStoreError.jobNotFound(uuid);
    return record.job;
  }

  /** @type {state.StateStore['list']} */
  async list(filter) {
    this.#checkOpen();
    const jobs = [...this.#records.values()].flatMap((record) => (record.kind === 'job' ? [record.job] : []));
    return state.selectPage(jobs, state.checkFilter(filter));
  }

  async healthCheck() {
    return { ok: !this.#isClosed, details: this.#isClosed ? ['the store is closed'] : [] };
  }

  async close() {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#last;
    await this.#journal.close();
  }

  async [Symbol.asyncDispose]() {
    await this.close();
  }

  #checkOpen() {
    if (this.#isClosed) throw state.StateStoreError.closed();
  }

  /** @param {() => state.LiveRecord} apply */
  #change(apply) {
    return this.#inTurn(async () => {
      const record = apply();
      await this.#write([record]);
      return record.job;
    });
  }

  /**
   * @template Result
   * @param {() => Promise<Result>} work
   * @returns {Promise<Result>}
   */
  #inTurn(work) {
    this.#checkOpen();
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }

  /**
   * Nobody sees a change before it is on the disk.
   *
   * @param {readonly state.JobRecord[]} records
   */
  async #write(records) {
    try {
      await this.#journal.append(records.map(state.encodeRecord));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new state.StateStoreError('UNAVAILABLE', `the journal cannot be written: ${reason}`, {
        cause: error,
      });
    }
    for (const record of records) this.#records.set(record.uuid, record);
  }
}
