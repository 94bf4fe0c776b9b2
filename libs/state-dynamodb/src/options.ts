import { StateStoreError } from '@joblet/state-store';
import { RESERVED_NAMES } from './attribute-names.js';
import { ANSWER_TIMEOUT_MS, CAPACITY_MAX, TTL_DAYS_MAX } from './limits.js';

export interface DynamoDbStoreOptions {
  /** Default, and '': asked from EC2's metadata service, then AWS_REGION, then us-east-1. */
  readonly region?: string | undefined;
  /** Default: joblet-jobs. */
  readonly tableName?: string | undefined;
  /** Whether jobs that have ended expire. Default: true. */
  readonly ttlEnabled?: boolean | undefined;
  /** The table's TTL attribute. Default: expiresAt. */
  readonly ttlAttribute?: string | undefined;
  /** How long they are kept; 0: for ever. Default: 30. */
  readonly ttlDays?: number | undefined;
  /** Of the table that `createTable` makes; 0: on demand. Default: 0. */
  readonly readCapacity?: number | undefined;
  readonly writeCapacity?: number | undefined;
  /** URL of an emulator; '': Amazon's. */
  readonly endpoint?: string | undefined;
  /** Makes table, index and TTL when they are not there. Default: false. */
  readonly createTable?: boolean | undefined;
  /** Lists of a status by the index, which is eventually consistent and has no items of the Go service. Default: false. */
  readonly useIndex?: boolean | undefined;
  /** How long a call waits for an answer, all retries included, in milliseconds. Default: ANSWER_TIMEOUT_MS. */
  readonly answerTimeoutMs?: number | undefined;
  /** Unix time in milliseconds. Default: Date.now. */
  readonly now?: (() => number) | undefined;
}

/** Options that have been checked. */
export interface DynamoDbSettings {
  /** '': to be found out. */
  readonly region: string;
  readonly tableName: string;
  /** undefined: nothing expires. */
  readonly ttl: { readonly attribute: string; readonly days: number } | undefined;
  /** undefined: on demand. */
  readonly capacity: { readonly read: number; readonly write: number } | undefined;
  /** undefined: Amazon's. */
  readonly endpoint: string | undefined;
  readonly createTable: boolean;
  readonly useIndex: boolean;
  readonly answerTimeoutMs: number;
  readonly now: () => number;
}

/** Throws INVALID_ARGUMENT. */
export function checkOptions(options: DynamoDbStoreOptions): DynamoDbSettings {
  const { region = '', tableName = 'joblet-jobs', endpoint = '', now = Date.now } = options;
  const { createTable = false, useIndex = false, answerTimeoutMs = ANSWER_TIMEOUT_MS } = options;
  if (!/^[A-Za-z0-9_.-]{3,255}$/.test(tableName))
    throw invalid(`tableName is ${JSON.stringify(tableName)}; expected 3 to 255 letters, digits and _ . -`);
  if (endpoint !== '' && !(/^https?:/.test(endpoint) && URL.canParse(endpoint)))
    throw invalid('endpoint is no URL that begins with http:// or https://');
  return {
    region,
    tableName,
    ttl: ttlOf(options),
    capacity: capacityOf(options),
    endpoint: endpoint === '' ? undefined : endpoint,
    createTable,
    useIndex,
    answerTimeoutMs,
    now,
  };
}

function ttlOf(options: DynamoDbStoreOptions): DynamoDbSettings['ttl'] {
  const { ttlEnabled = true, ttlAttribute = 'expiresAt', ttlDays = 30 } = options;
  checkNumber('ttlDays', ttlDays, TTL_DAYS_MAX);
  if (ttlAttribute === '' || RESERVED_NAMES.has(ttlAttribute))
    throw invalid(
      `ttlAttribute is ${JSON.stringify(ttlAttribute)}; expected a name that no other attribute has`,
    );
  return ttlEnabled && ttlDays > 0 ? { attribute: ttlAttribute, days: ttlDays } : undefined;
}

function capacityOf({ readCapacity = 0, writeCapacity = 0 }: DynamoDbStoreOptions) {
  checkNumber('readCapacity', readCapacity, CAPACITY_MAX);
  checkNumber('writeCapacity', writeCapacity, CAPACITY_MAX);
  if ((readCapacity === 0) !== (writeCapacity === 0)) {
    throw invalid(
      `readCapacity is ${readCapacity} and writeCapacity is ${writeCapacity}; expected both to be 0, on demand, or neither`,
    );
  }
  return readCapacity === 0 ? undefined : { read: readCapacity, write: writeCapacity };
}

function checkNumber(name: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= max) return;
  throw invalid(`${name} is ${String(value)}; expected a whole number from 0 to ${max}`);
}

function invalid(message: string): StateStoreError {
  return new StateStoreError('INVALID_ARGUMENT', message);
}
