import type { JobOrder, SortKey } from './filter.js';
import { CURSOR_LENGTH_MAX } from './limits.js';
import { StateStoreError } from './state-store-error.js';

/** A place in a list: behind the job with this key and uuid, whether or not it is still there. */
export interface CursorPosition {
  readonly order: JobOrder;
  /** The job's value of `order.sortBy`. */
  readonly key: string;
  readonly uuid: string;
}

/** By the letter that stands for it in a cursor. */
const SORT_KEY_OF: Readonly<Record<string, SortKey>> = {
  c: 'createdAt',
  u: 'updatedAt',
  s: 'startTime',
  t: 'status',
};

export function writeCursor({ order, key, uuid }: CursorPosition): string {
  const letter = Object.keys(SORT_KEY_OF).find((one) => SORT_KEY_OF[one] === order.sortBy);
  return Buffer.from(JSON.stringify([letter, order.descending, key, uuid])).toString('base64url');
}

/** Throws INVALID_ARGUMENT unless `writeCursor` wrote it. */
export function readCursor(cursor: string): CursorPosition {
  const position = typeof cursor === 'string' && cursor.length <= CURSOR_LENGTH_MAX && parsed(cursor);
  if (position) return position;
  throw new StateStoreError('INVALID_ARGUMENT', 'filter.cursor is none that a list has answered with');
}

function parsed(cursor: string): CursorPosition | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return undefined;
  }
  if (!Array.isArray(value) || value.length !== 4) return undefined;
  const [letter, descending, key, uuid] = value as unknown[];
  const sortBy = typeof letter === 'string' && Object.hasOwn(SORT_KEY_OF, letter) && SORT_KEY_OF[letter];
  if (!sortBy || typeof descending !== 'boolean' || typeof key !== 'string' || typeof uuid !== 'string')
    return undefined;
  return { order: { sortBy, descending }, key, uuid };
}
