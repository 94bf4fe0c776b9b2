import { StateStoreError, type StoreLogger } from '@joblet/state-store';

export interface RedisStateStoreOptions {
  /** `host:port`, or a `redis://` or `rediss://` URL. */
  readonly endpoint: string;
  /** Default: the URL's; '': none. */
  readonly password?: string;
  /** Number of the database. Default: the URL's, else 0. */
  readonly db?: number;
  /** Whether the connection is encrypted. Default: whether the URL says `rediss`. */
  readonly tls?: boolean;
  /** Certificates to trust instead of the well-known ones, in PEM. */
  readonly ca?: string;
  /** How long jobs that have ended are kept. Default 0: for ever. */
  readonly ttlDays?: number;
  /** How long a call waits for a connection and an answer, in milliseconds. Default: ANSWER_TIMEOUT_MS. */
  readonly answerTimeoutMs?: number;
  /** Told when the connection is lost and found, and of what the health check says. */
  readonly logger?: StoreLogger;
  /** Gives up opening. */
  readonly signal?: AbortSignal;
  /** Unix time in milliseconds. Default: Date.now. */
  readonly now?: () => number;
}

/** Where to connect to, and how. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly db: number;
}

const DEFAULT_PORT = 6379;

/** INVALID_ARGUMENT; no message has the password. */
export function targetOf({ endpoint, password, db, tls }: RedisStateStoreOptions): Target {
  const url = urlOf(endpoint);
  const number = /^\/(\d*)$/.exec(url.pathname === '' ? '/' : url.pathname)?.[1];
  if (number === undefined) {
    throw invalid('the path of endpoint is no number of a database; expected such as redis://host:6379/0');
  }
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    tls: tls === true || url.protocol === 'rediss:',
    username: url.username === '' ? undefined : decodeURIComponent(url.username),
    password: [password, decodeURIComponent(url.password)].find((text) => text !== undefined && text !== ''),
    db: db ?? Number(number),
  };
}

function urlOf(endpoint: string): URL {
  const text = endpoint.includes('://') ? endpoint : `redis://${endpoint}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isRedis = url !== undefined && /^rediss?:$/.test(url.protocol) && url.hostname !== '';
  if (isRedis) return url;
  throw invalid('endpoint is neither host:port nor a redis:// or rediss:// URL');
}

function invalid(message: string): StateStoreError {
  return new StateStoreError('INVALID_ARGUMENT', message);
}
