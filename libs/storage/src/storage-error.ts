/**
 * - INVALID_ARGUMENT: the caller's argument, named in the message; never worth a retry.
 * - JOB_NOT_FOUND: neither logs nor metrics nor a record of the job.
 * - ABORTED: the caller's AbortSignal; `cause` is its reason.
 * - CLOSED: the store is closed.
 * - NO_SPACE: the disk or quota is full; a retry can help once there is space.
 * - UNAVAILABLE: the medium failed for now (I/O error, network, throttling); a retry can help.
 * - NOT_SUPPORTED: this store cannot do it, as `supports` says.
 * - INTERNAL: anything else, with its `cause`.
 */
export type StorageErrorCode =
  | 'INVALID_ARGUMENT'
  | 'JOB_NOT_FOUND'
  | 'ABORTED'
  | 'CLOSED'
  | 'NO_SPACE'
  | 'UNAVAILABLE'
  | 'NOT_SUPPORTED'
  | 'INTERNAL';

/** Common to all copies of this package: a store of somebody else brings its own. */
const BRAND = Symbol.for('@joblet/storage StorageError');

/**
 * What every log store rejects with. `code` is stable; the message is for people. `instanceof` holds for the class of
 * another copy of this package too.
 */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly code: StorageErrorCode;

  constructor(code: StorageErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  static override [Symbol.hasInstance](value: unknown): value is StorageError {
    // A class of somebody who extends this one is known as any other.
    if (this !== StorageError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  get [BRAND](): true {
    return true;
  }

  static jobNotFound(jobId: string): StorageError {
    return new StorageError('JOB_NOT_FOUND', `job ${jobId} is not known: nothing is stored under this id`);
  }

  static closed(): StorageError {
    return new StorageError('CLOSED', 'the store is closed');
  }

  static aborted(signal: AbortSignal): StorageError {
    return new StorageError('ABORTED', 'the read was aborted', { cause: signal.reason });
  }
}
