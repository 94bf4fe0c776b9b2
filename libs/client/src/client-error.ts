/**
 * - INVALID_ARGUMENT: the caller's argument, named in the message; never worth a retry.
 * - NOT_FOUND: nothing is known of the job.
 * - PERMISSION_DENIED: the socket or the service refuses this user or this certificate.
 * - UNAVAILABLE: no service there, or the connection broke; a retry can help.
 * - DEADLINE_EXCEEDED: no answer in time; a retry can help.
 * - RESOURCE_EXHAUSTED: the service has too much to do (a retry can help), or a message is too large.
 * - UNIMPLEMENTED: the service does not have the method (Joblet's own lacks job lists, for example).
 * - ABORTED: the caller's AbortSignal (`cause` is its reason), or the service gave the call up.
 * - CLOSED: the client is closed.
 * - INTERNAL: anything else, with its `cause`.
 */
export type ClientErrorCode =
  | 'INVALID_ARGUMENT'
  | 'NOT_FOUND'
  | 'PERMISSION_DENIED'
  | 'UNAVAILABLE'
  | 'DEADLINE_EXCEEDED'
  | 'RESOURCE_EXHAUSTED'
  | 'UNIMPLEMENTED'
  | 'ABORTED'
  | 'CLOSED'
  | 'INTERNAL';

/** What every call rejects with. `code` is stable; the message is for people. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  readonly code: ClientErrorCode;

  constructor(code: ClientErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
