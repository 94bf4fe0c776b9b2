import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { fieldsOf, instantOf, isTerminal, liveRecord, readStoredJob } from '@joblet/state-store';
import type { Job, JobRecord, Tombstone } from '@joblet/state-store';
import {
  INTERNAL_NAMES,
  MIRRORED,
  MIRRORED_NAMES,
  OWN,
  type KeyName,
  type MirroredAttribute,
} from './attribute-names.js';
import { attributeOf, isSameValue, jsonOf } from './attribute-value.js';
import { jobOfFields } from './job-of-fields.js';
import { SECONDS_PER_DAY } from './limits.js';

export type Item = Record<string, AttributeValue>;

/** How a table's items look. */
export interface ItemFormat {
  readonly keyName: KeyName;
  /** undefined: nothing expires. */
  readonly ttl: { readonly attribute: string; readonly days: number } | undefined;
}

/** Go's zero time: no attribute. */
const ZERO_TIME = '0001-01-01T00:00:00.000000000Z';

/** What has no attribute, as with the Go service. */
const EMPTY: ReadonlySet<string> = new Set(['null', '""', '[]', '{}']);

/** What the Go service shows a tombstone as, for a minute: it lists every item as a job. */
const TOMBSTONE_STATUS = 'DELETED';

/**
 * The item of a record. Attributes that nobody here knows stay as they are in the item before, or become what the job's
 * field of that name says: a newer daemon reads them. `now` is Unix time in milliseconds.
 */
export function encodeItem(
  record: JobRecord,
  writeId: string,
  now: number,
  format: ItemFormat,
  before: Item = {},
): Item {
  const own: Item = {
    [format.keyName]: { S: record.uuid },
    [OWN.version]: { N: String(record.version) },
    [OWN.writeId]: { S: writeId },
  };
  return record.kind === 'tombstone'
    ? { ...own, ...tombstoneAttributes(record, format) }
    : {
        ...own,
        ...jobAttributes(record.job, before, format),
        ...(record.isUpserted && { [OWN.isUpserted]: { BOOL: true } }),
        ...(isTerminal(record.job.status) && expiryAttribute(now, format)),
      };
}

/**
 * The record of an item; undefined when it has expired. An attribute that somebody changed without us, as the Go service
 * or a person does, wins over the document. Throws INVALID_ARGUMENT, INVALID_JSON or INTERNAL for an item that is no job.
 */
export function decodeItem(item: Item, now: number, format: ItemFormat): JobRecord | undefined {
  const uuid = item[format.keyName]?.S ?? '';
  if (item[OWN.tombstoneUntil] !== undefined) return liveTombstone(item, uuid, now);
  if (hasExpired(item, now, format)) return undefined;
  const json = item[OWN.document]?.S;
  const isUpserted = item[OWN.isUpserted]?.BOOL === true;
  if (json === undefined) {
    const changed = changedFields(item, new Map(), format);
    return liveRecord(jobOfFields(new Map([['uuid', JSON.stringify(uuid)], ...changed]), 1), false);
  }
  const job = readStoredJob(json);
  const fields = fieldsOf(job);
  const changed = changedFields(item, fields, format);
  if (changed.size === 0) return liveRecord(job, isUpserted);
  return liveRecord(jobOfFields(new Map([...fields, ...changed]), job.version + 1), isUpserted);
}

/** Whether the item is a tombstone that nobody needs any more. */
export function isExpiredTombstone(item: Item, now: number): boolean {
  const until = item[OWN.tombstoneUntil]?.N;
  return until !== undefined && Number(until) <= now;
}

/** Attributes of the item that are not what its document makes of them, by field, as JSON. */
function changedFields(
  item: Item,
  fields: ReadonlyMap<string, string>,
  format: ItemFormat,
): Map<string, string> {
  const changed = new Map<string, string>();
  const compare = ({ name, field, isTime }: MirroredAttribute): void => {
    const found = item[name];
    if (found === undefined) return;
    const text = fields.get(field);
    const isSame = text !== undefined && (isTime ? isSameTime(text, found) : saysSame(text, found));
    if (!isSame) changed.set(field, jsonOf(found));
  };
  for (const mirrored of MIRRORED) compare(mirrored);
  for (const name of foreignNames(item, format)) compare({ name, field: name, isTime: false });
  return changed;
}

function saysSame(text: string, found: AttributeValue): boolean {
  // Sets and bytes are lists and texts in JSON.
  if (jsonOf(found) === text) return true;
  const written = attributeOf(text);
  return written !== undefined && isSameValue(written, found);
}

/** The Go service cuts the fraction off: that is no change. */
function isSameTime(text: string, found: AttributeValue): boolean {
  const written = instantOfJson(text);
  const read = found.S === undefined ? undefined : instantOf(found.S);
  if (written === undefined || read === undefined) return false;
  const isCut = /:\d\d(?:Z|[+-]\d\d:\d\d)$/.test(found.S ?? '');
  return isCut ? written.slice(0, 19) === read.slice(0, 19) : written === read;
}

function jobAttributes(job: Job, before: Item, format: ItemFormat): Item {
  const fields = fieldsOf(job);
  const item: Item = { [OWN.document]: { S: job.json } };
  if (job.owner !== '') item[OWN.owner] = { S: job.owner };
  const mirror = ({ name, field, isTime }: MirroredAttribute): void => {
    const text = fields.get(field);
    const value = text === undefined ? undefined : mirroredValue(text, isTime, before[name]);
    if (value !== undefined) item[name] = value;
  };
  for (const mirrored of MIRRORED) mirror(mirrored);
  for (const name of foreignNames(before, format)) mirror({ name, field: name, isTime: false });
  return item;
}

function mirroredValue(
  text: string,
  isTime: boolean,
  before: AttributeValue | undefined,
): AttributeValue | undefined {
  if (isTime) {
    const instant = instantOfJson(text);
    return instant === undefined || instant === ZERO_TIME ? undefined : { S: instant };
  }
  if (before !== undefined && jsonOf(before) === text) return before;
  return EMPTY.has(text) ? undefined : attributeOf(text);
}

/** Those of newer daemons, or of people; in an order that is always the same. */
function foreignNames(item: Item, { ttl }: ItemFormat): string[] {
  return Object.keys(item)
    .filter((name) => !INTERNAL_NAMES.has(name) && !MIRRORED_NAMES.has(name) && name !== ttl?.attribute)
    .sort();
}

function tombstoneAttributes({ expiresAt }: Tombstone, { ttl }: ItemFormat): Item {
  return {
    [OWN.tombstoneUntil]: { N: String(expiresAt) },
    jobStatus: { S: TOMBSTONE_STATUS },
    ...(ttl && { [ttl.attribute]: { N: String(Math.ceil(expiresAt / 1000)) } }),
  };
}

function liveTombstone(item: Item, uuid: string, now: number): Tombstone | undefined {
  const expiresAt = Number(item[OWN.tombstoneUntil]?.N);
  if (expiresAt <= now) return undefined;
  return { kind: 'tombstone', uuid, version: Number(item[OWN.version]?.N), expiresAt };
}

function expiryAttribute(now: number, { ttl }: ItemFormat): Item {
  if (ttl === undefined) return {};
  return { [ttl.attribute]: { N: String(Math.floor(now / 1000) + ttl.days * SECONDS_PER_DAY) } };
}

/** The table deletes it within days; until then it is as good as deleted. */
function hasExpired(item: Item, now: number, { ttl }: ItemFormat): boolean {
  const expiresAt = ttl && item[ttl.attribute]?.N;
  return expiresAt !== undefined && Number(expiresAt) * 1000 <= now;
}

function instantOfJson(text: string): string | undefined {
  const value: unknown = JSON.parse(text);
  return typeof value === 'string' ? instantOf(value) : undefined;
}
