import { StateStoreError } from '@joblet/state-store';
import { ANSWER_TIMEOUT_MS, CONNECTIONS_DEFAULT, CONNECTIONS_MAX } from './limits.js';

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port/database`, with the parameters that pg takes, such as `sslmode`. */
  readonly url: string;
  /** Most connections at a time. Default: 10. */
  readonly connectionsMax?: number | undefined;
  /** How long a call waits for a connection and an answer, in milliseconds. Default: ANSWER_TIMEOUT_MS. */
  readonly answerTimeoutMs?: number | undefined;
  /** Unix time in milliseconds. Default: Date.now. */
  readonly now?: (() => number) | undefined;
}

/** Options that have been checked. */
export interface PostgresSettings {
  readonly url: string;
  readonly connectionsMax: number;
  readonly answerTimeoutMs: number;
  readonly now: () => number;
}

/** Throws INVALID_ARGUMENT, without the URL: there may be a password in it. */
export function checkOptions(options: PostgresStoreOptions): PostgresSettings {
  const { url, connectionsMax = CONNECTIONS_DEFAULT, now = Date.now } = options;
  const { answerTimeoutMs = ANSWER_TIMEOUT_MS } = options;
  if (!Number.isInteger(connectionsMax) || connectionsMax < 1 || connectionsMax > CONNECTIONS_MAX) {
    throw invalid(
      `connectionsMax is ${String(connectionsMax)}; expected a whole number from 1 to ${CONNECTIONS_MAX}`,
    );
  }
  if (typeof url !== 'string' || !/^postgres(?:ql)?:\/\//.test(url) || !URL.canParse(url)) {
    throw invalid('url is no URL that begins with postgres:// or postgresql://');
  }
  return { url, connectionsMax, answerTimeoutMs, now };
}

function invalid(message: string): StateStoreError {
  return new StateStoreError('INVALID_ARGUMENT', message);
}
