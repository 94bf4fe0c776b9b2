export { openLocalStateStore } from './open-local-state-store.js';
export type { LocalStateStoreOptions } from './open-local-state-store.js';
export { repairLocalStateStore } from './repair.js';
export type { Repair } from './repair.js';
export * as limits from './limits.js';
