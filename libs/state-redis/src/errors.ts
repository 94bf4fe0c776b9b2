import { ErrorReply } from 'redis';
import { StateStoreError } from '@joblet/state-store';

/** Answers that say that the server cannot do it now: loading, full, being replaced, a disk that fails. */
const FOR_NOW =
  /^(?:LOADING|BUSY|OOM|READONLY|MASTERDOWN|MISCONF|TRYAGAIN|CLUSTERDOWN|NOREPLICAS|UNBLOCKED)\b/;

/** Answers that say that the configuration is wrong. */
const NOT_ALLOWED =
  /^(?:NOAUTH|WRONGPASS|NOPERM|ERR (?:AUTH|invalid password|Client sent AUTH|DB index is out of range))/;

/** Node's and OpenSSL's names for certificates that are not to be trusted. */
const BAD_CERTIFICATE = /SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET)|CERT_|_CERT/;

/** What callers are told of the driver's errors and the server's. */
export function storeError(error: unknown, what: string): StateStoreError {
  if (error instanceof StateStoreError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new StateStoreError(codeOf(error, message), `${what}: ${message}`, { cause: error });
}

/** Whether somebody has to mend the configuration, of this side or of the server. */
export function isRefusal(error: unknown): error is Error {
  if (error instanceof ErrorReply) return NOT_ALLOWED.test(error.message);
  return error instanceof Error && 'code' in error && BAD_CERTIFICATE.test(String(error.code));
}

export function isMissingScript(error: unknown): boolean {
  return error instanceof ErrorReply && error.message.startsWith('NOSCRIPT');
}

function codeOf(error: unknown, message: string): 'UNAVAILABLE' | 'INTERNAL' {
  // All errors but answers are those of the connection.
  return error instanceof ErrorReply && !FOR_NOW.test(message) && !NOT_ALLOWED.test(message)
    ? 'INTERNAL'
    : 'UNAVAILABLE';
}
