// What needs no gRPC: to load that takes longer than to ask the state service.
export { createStateClient } from './state-client.js';
export type { StateClient, StateClientOptions } from './state-client.js';
export { createJobStoreAdapter } from './job-store-adapter.js';
export type { JobStoreAdapter, JobStoreAdapterOptions, JobStoreEvent } from './job-store.js';
