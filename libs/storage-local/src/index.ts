export { LOCAL_SUPPORTS, openLocalStore } from './local-store.js';
export type { LocalStore, LocalStoreEvent, LocalStoreOptions } from './local-store.js';

// For looking at what is on the disk, beside the owner:
export { inspectLocalFile } from './verify/inspect-file.js';
export type { InspectedFile } from './verify/inspect-file.js';
export { verifyLocalStore } from './verify/verify-store.js';
export type { VerifyOptions } from './verify/verify-store.js';
export type * from './verify/verify-report.js';
