import type { StateStore } from './state-store.js';

/**
 * The default export of a store's module, which `state.backend` names: opens the store, or rejects with a message for
 * the operator. INVALID_ARGUMENT tells that the options are wrong, which no second try mends.
 */
export type OpenStateStore = (
  options: Record<string, unknown>,
  context: StateStoreContext,
) => Promise<StateStore>;

/** What the state service tells a store that it opens. */
export interface StateStoreContext {
  readonly logger: StoreLogger;
  /** `server.nodeId`: for media that several nodes share. */
  readonly nodeId: string;
  /** Absolute: where relative paths in the options start, the configuration file's folder. */
  readonly folder: string;
  /** Aborted when the service is told to stop while the store opens, or when closing the store takes too long. */
  readonly signal: AbortSignal;
}

/** The part of pino's logger that stores use. */
export type StoreLogger = Readonly<
  Record<'debug' | 'info' | 'warn' | 'error', (fields: object, message: string) => void>
>;
