import { StateStoreError } from '../state-store-error.js';
import type { Operation } from './operations.js';

/** `code` of an answer, for programs; its `error` has the texts of the Go service, for people and old clients. */
export type WireCode =
  | 'JOB_EXISTS'
  | 'JOB_NOT_FOUND'
  | 'LOCK_FAILED'
  | 'INVALID_ARGUMENT'
  | 'INVALID_JSON'
  | 'TOO_LARGE'
  | 'UNKNOWN_OPERATION'
  | 'UNAVAILABLE';

/** A request that cannot be carried out: `message` is the answer's `error`. */
export class WireError extends Error {
  override readonly name = 'WireError';
  readonly code: WireCode;
  /** Of the request; '' when it could not be read. */
  readonly requestId: string;

  constructor(code: WireCode, message: string, requestId = '', options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.requestId = requestId;
  }

  static invalidJson(reason: string): WireError {
    return new WireError('INVALID_JSON', `INVALID_JSON: ${reason}`);
  }

  static unknownOperation(operation: string, requestId: string): WireError {
    return new WireError('UNKNOWN_OPERATION', `unknown operation: ${operation}`, requestId);
  }

  /** For a line that is not read to its end. */
  static tooLong(bytesMax: number): WireError {
    return new WireError('TOO_LARGE', `TOO_LARGE: the request is longer than ${bytesMax} bytes`);
  }
}

/** What the answer says when an operation failed with `error`. */
export function toWireError(operation: Operation, requestId: string, error: unknown): WireError {
  if (error instanceof WireError) return error;
  const { code, reason } = known(error);
  if (code === 'INVALID_JSON') return WireError.invalidJson(reason);
  return new WireError(code, `${operation.toUpperCase()}_ERROR: ${reason}`, requestId, { cause: error });
}

function known(error: unknown): { code: WireCode; reason: string } {
  if (!(error instanceof StateStoreError)) return { code: 'UNAVAILABLE', reason: 'internal error' };
  switch (error.code) {
    case 'JOB_EXISTS':
      return { code: error.code, reason: 'job already exists' };
    case 'JOB_NOT_FOUND':
      return { code: error.code, reason: 'job not found' };
    case 'CLOSED':
    case 'INTERNAL':
      return { code: 'UNAVAILABLE', reason: error.message };
    case 'LOCK_FAILED':
    case 'INVALID_ARGUMENT':
    case 'INVALID_JSON':
    case 'TOO_LARGE':
    case 'UNAVAILABLE':
      return { code: error.code, reason: error.message };
  }
}
