export { LOCAL_SUPPORTS, openLocalStore } from './local-store.js';
export type { LocalStoreEvent, LocalStoreOptions } from './local-store.js';
