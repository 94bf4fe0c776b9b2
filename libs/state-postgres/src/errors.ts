import { StateStoreError, type StateStoreErrorCode } from '@joblet/state-store';

/** A SQLSTATE: PostgreSQL itself has answered. */
const SQLSTATE = /^[0-9A-Z]{5}$/;

/**
 * By the class of SQLSTATE (its first two characters): connection lost, transaction rolled back, lack of resources, object
 * in use, operator's intervention, system error, read-only transaction.
 */
const UNAVAILABLE_CLASSES: ReadonlySet<string> = new Set(['08', '40', '53', '55', '57', '58', '25']);
/** 54: a limit of PostgreSQL's. */
const LIMIT_CLASS = '54';

/** admin_shutdown, crash_shutdown, and class 08: the connection is gone. */
const LOST = /^(?:57P01|57P02|08...)$/;
const DEADLOCK_OR_CONFLICT: ReadonlySet<string> = new Set(['40P01', '40001']);
/** What pg itself says when a socket closes under a statement. */
const LOST_MESSAGE = /^(?:Connection terminated|Client has encountered a connection error)/;
const LOST_SOCKET: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED']);

/** Errors of open that no second try mends: wrong login, unknown database. */
const WRONG_OPTIONS = /^(?:28...|3D000)$/;

export function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}

/** Whether the connection broke: the statement may have run, or not. */
export function isConnectionLost(error: unknown): boolean {
  const code = codeOf(error);
  return LOST.test(code) || LOST_SOCKET.has(code) || LOST_MESSAGE.test(messageOf(error));
}

/** A transaction whose connection broke before it was to be committed. */
export class RolledBack extends Error {
  constructor(cause: unknown) {
    super(messageOf(cause), { cause });
  }
}

/** Whether the transaction was rolled back, because of others or of its connection, and can be run again. */
export function canRunAgain(error: unknown): boolean {
  return error instanceof RolledBack || DEADLOCK_OR_CONFLICT.has(codeOf(error));
}

/** What a caller of the store gets for whatever the driver throws. */
export function toStateStoreError(error: unknown): StateStoreError {
  if (error instanceof StateStoreError) return error;
  const code = isBug(error) ? 'INTERNAL' : storeCodeOf(codeOf(error));
  return new StateStoreError(code, `PostgreSQL: ${messageOf(error)}`, { cause: withoutData(error) });
}

/** As `toStateStoreError`, while the store opens. */
export function toOpenError(error: unknown): StateStoreError {
  if (error instanceof StateStoreError || !WRONG_OPTIONS.test(codeOf(error))) return toStateStoreError(error);
  return new StateStoreError('INVALID_ARGUMENT', `PostgreSQL: ${messageOf(error)}`, {
    cause: withoutData(error),
  });
}

function storeCodeOf(code: string): StateStoreErrorCode {
  // Of the network, or of the driver.
  if (!SQLSTATE.test(code)) return 'UNAVAILABLE';
  if (code.startsWith(LIMIT_CLASS)) return 'TOO_LARGE';
  return UNAVAILABLE_CLASSES.has(code.slice(0, 2)) ? 'UNAVAILABLE' : 'INTERNAL';
}

/** PostgreSQL's errors quote rows in `detail` and `where`, which would take a job's secrets into a log. */
function withoutData(error: unknown): Error {
  return Object.assign(new Error(messageOf(error)), { code: codeOf(error) });
}

function messageOf(error: unknown): string {
  // Node gives all addresses that were tried, and no message.
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}

/** Of this package or the driver; what the network does has another class. */
function isBug(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError;
}
