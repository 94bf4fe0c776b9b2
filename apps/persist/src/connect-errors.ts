import { Code, ConnectError } from '@connectrpc/connect';
import { messageOf, toError } from '@joblet/service';
import { StorageError, type StorageErrorCode } from '@joblet/storage';

const CODES: Record<StorageErrorCode, Code> = {
  INVALID_ARGUMENT: Code.InvalidArgument,
  JOB_NOT_FOUND: Code.NotFound,
  ABORTED: Code.Canceled,
  CLOSED: Code.Unavailable,
  NO_SPACE: Code.ResourceExhausted,
  UNAVAILABLE: Code.Unavailable,
  NOT_SUPPORTED: Code.Unimplemented,
  INTERNAL: Code.Internal,
};

/**
 * What a client gets for an error of the store; an aborted read gives the reason of the abort, if it has a code. What a
 * store throws beside StorageError is a bug of the store.
 */
export function toConnectError(error: unknown): ConnectError {
  if (error instanceof StorageError) {
    if (error.code === 'ABORTED' && error.cause instanceof ConnectError) return error.cause;
    return new ConnectError(error.message, CODES[error.code], undefined, undefined, error);
  }
  if (error instanceof ConnectError) return error;
  return new ConnectError(messageOf(error), Code.Internal, undefined, undefined, toError(error));
}
