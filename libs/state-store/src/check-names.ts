import { NAME_BYTES_MAX, UUID_BYTES_MAX } from './limits.js';
import { StateStoreError } from './state-store-error.js';

// Control characters are what backends separate the parts of their keys with; half a surrogate pair has no UTF-8.
const UNFIT = /[\u0000-\u001f\u007f]|\p{Surrogate}/u;

/** Throws INVALID_ARGUMENT unless `uuid` may become a key in every backend. */
export function checkUuid(uuid: unknown): asserts uuid is string {
  if (uuid === undefined || uuid === '') throw new StateStoreError('INVALID_ARGUMENT', 'jobID is required');
  checkText('uuid', uuid, UUID_BYTES_MAX);
}

/** As `checkUuid`, for what becomes a key of an index; '' is allowed. */
export function checkName(what: string, name: unknown): asserts name is string {
  checkText(what, name, NAME_BYTES_MAX);
}

/** Throws INVALID_ARGUMENT unless it is undefined or a version. */
export function checkExpectedVersion(version: unknown): asserts version is number | undefined {
  if (version === undefined || (Number.isSafeInteger(version) && Number(version) >= 1)) return;
  throw new StateStoreError(
    'INVALID_ARGUMENT',
    `expectedVersion is ${JSON.stringify(version) ?? typeof version}; expected a whole number from 1 to ${Number.MAX_SAFE_INTEGER}`,
  );
}

function checkText(what: string, text: unknown, bytesMax: number): asserts text is string {
  if (typeof text !== 'string') {
    throw new StateStoreError('INVALID_ARGUMENT', `${what} is ${typeof text}; expected a string`);
  }
  // Most names are shorter than a third of the limit, and need no count of their bytes.
  const isLong = text.length * 3 > bytesMax && Buffer.byteLength(text) > bytesMax;
  if (!isLong && !UNFIT.test(text)) return;
  throw new StateStoreError(
    'INVALID_ARGUMENT',
    `${what} is ${JSON.stringify(text.slice(0, 64))}; expected at most ${bytesMax} bytes of UTF-8 without control characters`,
  );
}
