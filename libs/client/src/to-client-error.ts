import { Code, ConnectError } from '@connectrpc/connect';
import { ClientError, type ClientErrorCode } from './client-error.js';
import { brokenOff, connectionFailure, foreign, type Failure } from './connection-failure.js';

const CODES: Partial<Record<Code, ClientErrorCode>> = {
  [Code.InvalidArgument]: 'INVALID_ARGUMENT',
  [Code.OutOfRange]: 'INVALID_ARGUMENT',
  [Code.NotFound]: 'NOT_FOUND',
  [Code.PermissionDenied]: 'PERMISSION_DENIED',
  [Code.Unauthenticated]: 'PERMISSION_DENIED',
  [Code.Unavailable]: 'UNAVAILABLE',
  [Code.DeadlineExceeded]: 'DEADLINE_EXCEEDED',
  [Code.ResourceExhausted]: 'RESOURCE_EXHAUSTED',
  [Code.Unimplemented]: 'UNIMPLEMENTED',
  [Code.Canceled]: 'ABORTED',
  [Code.Aborted]: 'ABORTED',
};

/** What the caller of a failed call knows about it. */
export interface CallContext {
  /** The socket or the address. */
  readonly target: string;
  readonly deadlineMs: number;
  readonly closed: boolean;
  readonly signal: AbortSignal | undefined;
}

/** Turns whatever a call threw into our error. */
export function toClientError(thrown: unknown, context: CallContext): ClientError {
  if (thrown instanceof ClientError) return thrown;
  const options = { cause: thrown };
  if (context.closed) return new ClientError('CLOSED', 'the client is closed', options);
  if (context.signal?.aborted) {
    return new ClientError('ABORTED', 'the call was aborted', { cause: context.signal.reason });
  }
  if (!(thrown instanceof ConnectError)) {
    return new ClientError(
      'INTERNAL',
      `the call to persist at ${context.target} failed: ${String(thrown)}`,
      options,
    );
  }
  // Only what the service itself answered has a status; all else happened on this side or on the way.
  const answered = thrown.metadata.has('grpc-status');
  if (answered) return new ClientError(CODES[thrown.code] ?? 'INTERNAL', thrown.rawMessage, options);
  const [code, message] = localFailure(thrown, context);
  return new ClientError(code, message, options);
}

function localFailure(error: ConnectError, { target, deadlineMs }: CallContext): Failure {
  const known = connectionFailure(systemErrorCode(error), target, causeOf(error).message);
  if (known) return known;
  if (error.code === Code.DeadlineExceeded) {
    return [
      'DEADLINE_EXCEEDED',
      `persist at ${target} did not answer within ${deadlineMs} ms; see whether it is overloaded, or this is another service`,
    ];
  }
  // The other side closed the connection before it answered: HTTP/2 knows no reason then.
  if (error.code === Code.Canceled) return brokenOff(target);
  if (/^HTTP \d+$/.test(error.rawMessage)) return foreign(target);
  const broken: readonly Code[] = [Code.Internal, Code.Aborted, Code.Unknown, Code.Unavailable];
  if (broken.includes(error.code)) {
    return ['UNAVAILABLE', `the connection to persist at ${target} failed: ${error.rawMessage}; try again`];
  }
  return [CODES[error.code] ?? 'INTERNAL', `persist at ${target}: ${error.rawMessage}`];
}

/** What is behind all wrapping. */
function causeOf(error: Error): Error {
  return error.cause instanceof Error ? causeOf(error.cause) : error;
}

/** The system's error code somewhere in the chain of causes, for example ENOENT. */
function systemErrorCode(error: Error): string | undefined {
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && typeof cause.code === 'string') return cause.code;
  }
  return undefined;
}
