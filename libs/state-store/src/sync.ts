import { applyDelete, applySync } from './changes.js';
import type { Job, NewJob } from './job.js';
import type { JobRecord } from './job-record.js';
import { withNodeId, withOwner } from './new-job.js';
import { StateStoreError } from './state-store-error.js';
import type { SyncCounts, SyncScope } from './state-store.js';

export interface SyncRequest {
  /** Each with a node, and with the owner; of two with the same uuid the last. */
  readonly jobs: readonly NewJob[];
  readonly scope: SyncScope;
}

/**
 * Who a sync is for. The node: the jobs' common one, else the one given, else `ownNodeId`; nothing is removed when there
 * are no jobs and no node is given. INVALID_ARGUMENT for jobs of several nodes or of another owner.
 */
export function resolveSync(
  jobs: readonly NewJob[],
  given: { readonly nodeId?: string | undefined; readonly owner?: string | undefined },
  ownNodeId: string,
): SyncRequest {
  const { nodeId: named = '', owner = '' } = given;
  const nodes = new Set(jobs.map(({ nodeId }) => nodeId).filter((nodeId) => nodeId !== ''));
  if (nodes.size > 1) {
    const [first, second] = nodes;
    throw invalid(`jobs are of several nodes, ${show(first)} and ${show(second)}; expected those of one`);
  }
  const stranger = jobs.find((job) => (job.owner ?? owner) !== owner);
  if (stranger !== undefined) {
    throw invalid(
      `job ${stranger.uuid} has the owner ${show(stranger.owner ?? '')}; expected ${show(owner)}, the sync's`,
    );
  }
  const [common] = nodes;
  const nodeId = common ?? (named === '' ? ownNodeId : named);
  const byUuid = new Map(jobs.map((job) => [job.uuid, withOwner(withNodeId(job, nodeId), owner)]));
  const isEmpty = jobs.length === 0 && named === '';
  return { jobs: [...byUuid.values()], scope: { nodeId: isEmpty ? undefined : nodeId, owner } };
}

/** Whether a sync of this scope removes the job unless it is given. */
export function isInScope(job: Job, scope: SyncScope): boolean {
  return scope.nodeId !== undefined && job.nodeId === scope.nodeId && job.owner === scope.owner;
}

/**
 * All that a sync writes. `stored` has, by uuid, the records of the given jobs and of every job in the scope; others may
 * be there too. `now` is Unix time in milliseconds.
 */
export function planSync(
  jobs: readonly NewJob[],
  scope: SyncScope,
  stored: ReadonlyMap<string, JobRecord>,
  now: number,
): { readonly writes: readonly JobRecord[]; readonly counts: SyncCounts } {
  const writes = new Map<string, JobRecord>();
  const counts = { created: 0, updated: 0, unchanged: 0, removed: 0 };
  const given = new Map(jobs.map((job) => [job.uuid, job]));
  for (const job of given.values()) {
    const record = stored.get(job.uuid);
    const write = applySync(record, job, now);
    if (write === undefined) counts.unchanged++;
    else {
      writes.set(job.uuid, write);
      counts[record?.kind === 'job' ? 'updated' : 'created']++;
    }
  }
  for (const record of stored.values()) {
    if (record.kind !== 'job' || given.has(record.uuid) || !isInScope(record.job, scope)) continue;
    writes.set(record.uuid, applyDelete(record, record.uuid, now));
    counts.removed++;
  }
  return { writes: [...writes.values()], counts };
}

function invalid(message: string): StateStoreError {
  return new StateStoreError('INVALID_ARGUMENT', message);
}

function show(text: string): string {
  return JSON.stringify(text.slice(0, 64));
}
