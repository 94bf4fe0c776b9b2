import {
  resolveSync,
  type NewJob,
  type StateRequest,
  type StateStore,
  type StateSuccess,
} from '@joblet/state-store';
import { listWithin, type ListAnswer } from './list-answer.js';

export interface CarryOutOptions {
  readonly store: StateStore;
  /** The node of a sync whose jobs and request name none. */
  readonly nodeId: string;
  /** Whether an update of an unknown job creates it. */
  readonly upsertUpdates: boolean;
  /** Of an answer to a list without a limit; 0: no limit. */
  readonly responseBytesMax: number;
  /** An answer was cut so as not to be longer than that. */
  readonly onTruncated: (kept: number) => void;
}

type ListRequest = Extract<StateRequest, { op: 'list' }>;

/** What a request changes or finds. Rejects with what the store rejects with. */
export async function carryOut(request: StateRequest, options: CarryOutOptions): Promise<StateSuccess> {
  const { store, nodeId, upsertUpdates } = options;
  const answer = { requestId: request.requestId, success: true } as const;
  switch (request.op) {
    case 'ping':
      return answer;
    case 'create':
      return { ...answer, job: await store.create(withOwner(request.job, request.owner)) };
    case 'update': {
      const { job, expectedVersion, owner } = request;
      return { ...answer, job: await store.update(job, { expectedVersion, upsert: upsertUpdates, owner }) };
    }
    case 'get':
      return { ...answer, job: await store.get(request.uuid) };
    case 'delete':
      await store.delete(request.uuid, { expectedVersion: request.expectedVersion });
      return answer;
    case 'list':
      return { ...answer, ...(await list(request, options)) };
    case 'sync': {
      const { jobs, scope } = resolveSync(request.jobs, request, nodeId);
      return { ...answer, counts: await store.sync(jobs, scope) };
    }
  }
}

async function list({ filter, requestId }: ListRequest, options: CarryOutOptions): Promise<ListAnswer> {
  const { store, responseBytesMax, onTruncated } = options;
  const hasLimit = filter.limit !== undefined && filter.limit !== 0;
  if (hasLimit || responseBytesMax === 0) return store.list(filter);
  const answer = await listWithin(store, filter, responseBytesMax - Buffer.byteLength(requestId));
  if (answer.truncated === true) onTruncated(answer.jobs.length);
  return answer;
}

/** What the request says counts unless the job says its own. */
function withOwner(job: NewJob, owner: string | undefined): NewJob {
  if (job.owner !== undefined || owner === undefined) return job;
  return { ...job, owner, fields: new Map([...job.fields, ['owner', JSON.stringify(owner)]]) };
}
