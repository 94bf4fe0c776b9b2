/**
 * - JOB_EXISTS: a job with this uuid is stored already.
 * - JOB_NOT_FOUND: no job with this uuid is stored.
 * - LOCK_FAILED: the job's version is another than the one expected: read it again.
 * - INVALID_ARGUMENT: the caller's argument, named in the message; never worth a retry.
 * - INVALID_JSON: the text is not JSON, or a known field of a job has the wrong type.
 * - TOO_LARGE: the job is larger than the store can hold.
 * - UNAVAILABLE: the medium failed for now (I/O error, network, throttling, full disk); a retry can help.
 * - CLOSED: the store is closed.
 * - INTERNAL: anything else, with its `cause`.
 */
export type StateStoreErrorCode =
  | 'JOB_EXISTS'
  | 'JOB_NOT_FOUND'
  | 'LOCK_FAILED'
  | 'INVALID_ARGUMENT'
  | 'INVALID_JSON'
  | 'TOO_LARGE'
  | 'UNAVAILABLE'
  | 'CLOSED'
  | 'INTERNAL';

/** Common to all copies of this package: a store of somebody else brings its own. */
const BRAND = Symbol.for('@joblet/state-store StateStoreError');

/**
 * What every state store rejects with. `code` is stable; the message is for people. `instanceof` holds for the class of
 * another copy of this package too.
 */
export class StateStoreError extends Error {
  override readonly name = 'StateStoreError';
  readonly code: StateStoreErrorCode;

  constructor(code: StateStoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  static override [Symbol.hasInstance](value: unknown): value is StateStoreError {
    // A class of somebody who extends this one is known as any other.
    if (this !== StateStoreError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  get [BRAND](): true {
    return true;
  }

  static jobExists(uuid: string): StateStoreError {
    return new StateStoreError('JOB_EXISTS', `job ${uuid} already exists`);
  }

  static jobNotFound(uuid: string): StateStoreError {
    return new StateStoreError('JOB_NOT_FOUND', `job ${uuid} not found`);
  }

  static lockFailed(uuid: string, found: number, expected: number): StateStoreError {
    return new StateStoreError('LOCK_FAILED', `job ${uuid} has version ${found}; expected ${expected}`);
  }

  static closed(): StateStoreError {
    return new StateStoreError('CLOSED', 'the store is closed');
  }
}
