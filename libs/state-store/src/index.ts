export type { Job, NewJob } from './job.js';
export { newJob } from './new-job.js';
export { fieldOf, fieldsOf } from './stored-job.js';
export { parseJson, stringifyJson } from './json-value.js';
export type { JsonValue } from './json-value.js';
export { isTerminal, JOB_STATUSES } from './job-statuses.js';
export type { JobStatus } from './job-statuses.js';
export { StateStoreError } from './state-store-error.js';
export type { StateStoreErrorCode } from './state-store-error.js';
export { SORT_KEYS } from './filter.js';
export type { JobFilter, SortKey } from './filter.js';
export type {
  CreateOptions,
  DeleteOptions,
  Health,
  JobPage,
  StateStore,
  Supports,
  SyncCounts,
  SyncScope,
  UpdateOptions,
} from './state-store.js';
export type { OpenStateStore, StateStoreContext, StoreLogger } from './open-state-store.js';
export { resolveSync } from './sync.js';
export type { SyncRequest } from './sync.js';

// For those who write a store:
export { applyCreate, applyDelete, applySync, applyUpdate, isTombstone } from './changes.js';
export { isInScope, planSync } from './sync.js';
export { decodeRecord, encodeRecord, liveRecord } from './job-record.js';
export type { JobRecord, LiveRecord, Tombstone } from './job-record.js';
export { readStoredJob } from './stored-job.js';
export { storeProblems } from './check-store.js';
export { checkFilter, compareJobs, cursorAfter, isAfter, matchesQuery } from './filter.js';
export type { JobOrder, JobQuery } from './filter.js';
export type { CursorPosition } from './cursor.js';
export { pageOf, selectPage } from './select-page.js';
export { checkExpectedVersion, checkName, checkUuid } from './check-names.js';
export { Calls } from './calls.js';
export { withDeadline, type Deadline } from './with-deadline.js';
export { JobLocks } from './job-locks.js';
export { ReadQueue } from './read-queue.js';
export type { ReadQueueOptions } from './read-queue.js';
export { compareText } from './compare-text.js';
export { instantOf } from './instant.js';
export * as limits from './limits.js';

// The protocol of the state service:
export { decodeRequest } from './protocol/request.js';
export type { StateRequest } from './protocol/request.js';
export { encodeRequest } from './protocol/encode-request.js';
export { decodeResponse, encodeResponse, failure } from './protocol/response.js';
export type { StateFailure, StateResponse, StateSuccess } from './protocol/response.js';
export { OPERATIONS } from './protocol/operations.js';
export type { Operation } from './protocol/operations.js';
export { toWireError, WireError } from './protocol/wire-error.js';
export type { WireCode } from './protocol/wire-error.js';

// Secrets at rest:
export { readSecretKeys } from './secrets/secret-keys.js';
export type { SecretKey } from './secrets/secret-keys.js';
export { sealSecrets } from './secrets/sealing-store.js';
export type { SealingOptions, SealingStore } from './secrets/sealing-store.js';
