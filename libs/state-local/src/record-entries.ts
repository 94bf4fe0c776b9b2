import type { JobRecord } from '@joblet/state-store';
import {
  byCreation,
  byUpdate,
  entryKey,
  ofNode,
  ofOwner,
  ofStatus,
  recordKey,
  tombstoneKey,
} from './keys.js';
import { encodeValue } from './record-value.js';
import { encodeFullSummary, encodeSummary } from './summary.js';

/** Changes of keys that belong together. */
export interface KeyChanges {
  put(key: string, value: string): void;
  del(key: string): void;
}

/** All that turns what is stored under a uuid into what is to be stored; undefined: nothing. */
export function changeRecord(
  changes: KeyChanges,
  uuid: string,
  before: JobRecord | undefined,
  after: JobRecord | undefined,
): void {
  if (after === undefined) changes.del(recordKey(uuid));
  else changes.put(recordKey(uuid), encodeValue(after));
  const stale = indexEntries(before);
  for (const [key, value] of indexEntries(after)) {
    if (stale.get(key) !== value) changes.put(key, value);
    stale.delete(key);
  }
  for (const key of stale.keys()) changes.del(key);
}

/** The index entries of a record: key and value. */
export function indexEntries(record: JobRecord | undefined): Map<string, string> {
  const entries = new Map<string, string>();
  if (record === undefined) return entries;
  const { uuid } = record;
  if (record.kind === 'tombstone') return entries.set(tombstoneKey(record.expiresAt, uuid), '');
  const { createdAt, updatedAt, status, nodeId, owner } = record.job;
  const summary = encodeSummary(record.job);
  entries.set(entryKey(byCreation, createdAt, uuid), summary);
  entries.set(entryKey(byUpdate, updatedAt, uuid), encodeFullSummary(record.job));
  entries.set(entryKey(ofStatus(status), createdAt, uuid), summary);
  entries.set(entryKey(ofNode(nodeId), createdAt, uuid), summary);
  // Nearly all jobs are a daemon's: an index of those would tell no more than that of all.
  if (owner !== '') entries.set(entryKey(ofOwner(owner), createdAt, uuid), summary);
  return entries;
}
