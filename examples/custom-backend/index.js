// @ts-check
import { resolve } from 'node:path';
import {
  checkJobId,
  limits,
  LogBatchBuilder,
  MetricBatchBuilder,
  selectLogs,
  selectMetrics,
  StorageError,
} from '@joblet/storage';
import { openDatabase } from './database.js';
import { everythingOf, ordinalOf, rowKey, rowsBehind, toValue } from './keys.js';

/** @import { LogBatch, LogStore, LogStoreContext, MetricBatch, RowQuery } from '@joblet/storage' */
/** @import { Database } from './database.js' */
/** @import { Kind } from './keys.js' */
/** @typedef {ReturnType<Database['snapshot']>} Snapshot */

/** What the store can do besides writing, reading and deleting: it survives the process. */
export const supports = {
  durable: true,
  listJobs: false,
  stats: false,
  retention: false,
  deleteMetrics: false,
  idempotentWrites: false,
  endRecords: false,
};

/**
 * What persist calls; `options` is `persist.storage.options` of its configuration.
 *
 * @param {unknown} options
 * @param {Pick<LogStoreContext, 'folder' | 'logger'>} context
 * @returns {Promise<LogStore>}
 */
export default async function openLevelStore(options, { folder, logger }) {
  const database = await openDatabase(resolve(folder, checkOptions(options)), logger);
  return {
    supports,
    writeLogs: (batch) => database.change((changes) => putRows(database, 'l', batch, changes)),
    writeMetrics: (batch) => database.change((changes) => putRows(database, 'm', batch, changes)),
    readLogs: (query, options) =>
      withSnapshot(database, (snapshot) =>
        selectLogs(query, () => rows(database, 'l', query, snapshot(), LogBatchBuilder), options),
      ),
    readMetrics: (query, options) =>
      withSnapshot(database, (snapshot) =>
        selectMetrics(query, () => rows(database, 'm', query, snapshot(), MetricBatchBuilder), options),
      ),
    deleteJob: (jobId) =>
      database.change(async (changes) => {
        checkJobId(jobId);
        for await (const key of database.level.keys(everythingOf(jobId))) changes.del(key);
        if (changes.length === 0) throw StorageError.jobNotFound(jobId);
        return [];
      }),
    close: () => database.close(),
    [Symbol.asyncDispose]: () => database.close(),
  };
}

/**
 * The user's mistakes are told at the start, by name.
 *
 * @param {unknown} options
 */
function checkOptions(options) {
  const { path, ...others } = Object(options);
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw new StorageError('INVALID_ARGUMENT', `option ${unknown} is not known, expected only path`);
  }
  if (typeof path === 'string' && path !== '') return path;
  const found = path === undefined ? 'missing' : JSON.stringify(path);
  throw new StorageError('INVALID_ARGUMENT', `option path is ${found}, expected the name of a folder`);
}

/**
 * @param {Database} database
 * @param {Kind} kind
 * @param {LogBatch | MetricBatch} batch
 * @param {Parameters<Parameters<Database['change']>[0]>[0]} changes
 */
async function putRows(database, kind, batch, changes) {
  const keys = [];
  for (const [jobId, rows] of batch.byJob()) {
    let ordinal = await nextOrdinal(database, kind, jobId);
    for (let row = 0; row < rows.length; row++) {
      const key = rowKey(jobId, kind, ordinal++);
      // The row table's time counts, not the one in the message.
      changes.put(key, toValue(rows.timestamp(row), rows.bytes.subarray(rows.start(row), rows.end(row))));
      keys.push(key);
    }
  }
  return keys;
}

/**
 * It is looked up for each write: nothing has to be found again when the store opens or a write has failed.
 *
 * @param {Database} database
 * @param {Kind} kind
 * @param {string} jobId
 */
async function nextOrdinal({ level }, kind, jobId) {
  const [last] = await level.keys({ ...rowsBehind(jobId, kind), reverse: true, limit: 1 }).all();
  return last === undefined ? 0n : ordinalOf(last) + 1n;
}

/**
 * A read sees what was stored when it began, to its end: one snapshot, taken when the first row is asked for, given back
 * when the reader has all rows, fails, or leaves.
 *
 * @template Batch
 * @param {Database} database
 * @param {(snapshot: () => Snapshot) => AsyncIterable<Batch>} select
 */
async function* withSnapshot(database, select) {
  /** @type {Snapshot | undefined} */
  let snapshot;
  try {
    yield* select(() => (snapshot ??= database.snapshot()));
  } finally {
    await snapshot?.close();
  }
}

/**
 * The rows of a job by ordinal, in batches of limited size. What `query` asks for beyond this is done by selectLogs.
 *
 * @template Batch
 * @param {Database} database
 * @param {Kind} kind
 * @param {RowQuery} query
 * @param {Snapshot} snapshot
 * @param {new () => { add: LogBatchBuilder['add'], build(): Batch }} Builder
 */
async function* rows({ level, readError }, kind, { jobId, afterOrdinal }, snapshot, Builder) {
  try {
    const [known] = await level.keys({ ...everythingOf(jobId), snapshot, limit: 1 }).all();
    if (known === undefined) throw StorageError.jobNotFound(jobId);
    const highWaterMarkBytes = limits.BATCH_BYTES_MAX;
    const entries = level.iterator({
      ...rowsBehind(jobId, kind, afterOrdinal),
      snapshot,
      highWaterMarkBytes,
    });
    try {
      for (;;) {
        const some = await entries.nextv(limits.BATCH_ROWS_MAX);
        if (some.length === 0) return;
        const batch = new Builder();
        for (const [key, value] of some) {
          const slot = { jobId, timestamp: value.readBigInt64BE(), ordinal: ordinalOf(key) };
          batch.add(slot, value, 8, value.length);
        }
        yield batch.build();
      }
    } finally {
      await entries.close();
    }
  } catch (error) {
    throw readError(error);
  }
}
