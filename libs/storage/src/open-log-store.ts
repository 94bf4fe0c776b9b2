import type { LogStore } from './log-store.js';

/**
 * The default export of a store's module, which `persist.storage.type` names: opens the store, or rejects with a
 * message for the operator. INVALID_ARGUMENT tells that the options are wrong, which no second try mends.
 */
export type OpenLogStore = (options: Record<string, unknown>, context: LogStoreContext) => Promise<LogStore>;

/** What persist tells a store that it opens. */
export interface LogStoreContext {
  readonly logger: StoreLogger;
  /** `server.nodeId`: for media that several nodes share. */
  readonly nodeId: string;
  /** Absolute: where relative paths in the options start, the configuration file's folder. */
  readonly folder: string;
  /** Aborted when persist is told to stop while the store opens, or when closing the store takes too long. */
  readonly signal: AbortSignal;
}

/** The part of pino's logger that stores use. */
export type StoreLogger = Readonly<
  Record<'debug' | 'info' | 'warn' | 'error', (fields: object, message: string) => void>
>;
