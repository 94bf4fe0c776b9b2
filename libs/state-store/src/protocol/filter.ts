import type { JobFilter, SortKey } from '../filter.js';
import { WireError } from './wire-error.js';

const TYPES = {
  status: 'string',
  statuses: 'list',
  nodeid: 'string',
  owner: 'string',
  prefix: 'string',
  limit: 'number',
  sortby: 'string',
  sortdesc: 'boolean',
  cursor: 'string',
} as const;

/** The filter of a list request; its values are checked by the store. INVALID_JSON for those of a wrong type. */
export function decodeFilter(value: unknown): JobFilter {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw WireError.invalidJson('filter is no object');
  const found = new Map<string, unknown>();
  for (const [key, member] of Object.entries(value)) {
    const name = key.toLowerCase();
    if (member === null || !isKnown(name)) continue;
    checkType(name, member);
    found.set(name, member);
  }
  const text = (name: keyof typeof TYPES): string | undefined => found.get(name) as string | undefined;
  return {
    status: text('status'),
    statuses: found.get('statuses') as string[] | undefined,
    nodeId: text('nodeid'),
    owner: text('owner'),
    prefix: text('prefix'),
    limit: found.get('limit') as number | undefined,
    // The store refuses a key that it does not sort by.
    sortBy: text('sortby') as SortKey | undefined,
    sortDesc: found.get('sortdesc') as boolean | undefined,
    cursor: text('cursor') || undefined,
  };
}

function isKnown(name: string): name is keyof typeof TYPES {
  return Object.hasOwn(TYPES, name);
}

function checkType(name: keyof typeof TYPES, value: unknown): void {
  const expected = TYPES[name];
  const isRight =
    expected === 'list'
      ? Array.isArray(value) && value.every((item) => typeof item === 'string')
      : typeof value === expected;
  if (isRight) return;
  throw WireError.invalidJson(`filter.${name} is ${typeof value}; expected ${expected}`);
}
