import {
  checkExpectedVersion,
  checkFilter,
  StateStoreError,
  type Job,
  type JobFilter,
  type JobPage,
  type NewJob,
  type StateSuccess,
  type SyncCounts,
} from '@joblet/state-store';
import { STATE_DEADLINE_MS } from './limits.js';
import { StateConnection, type StateCall } from './state-connection.js';

export interface StateClientOptions {
  /** Unix socket of the state service. */
  readonly socketPath: string;
  /** How long a call waits for its answer. Default: STATE_DEADLINE_MS. */
  readonly deadlineMs?: number | undefined;
}

/**
 * Asks the state service. Calls reject with StateStoreError: its code is the service's, UNAVAILABLE when it cannot be
 * asked (a change may have been made then), CLOSED after `close`.
 */
export interface StateClient {
  ping(): Promise<void>;
  create(job: NewJob, options?: { readonly owner?: string }): Promise<Job>;
  get(uuid: string): Promise<Job>;
  update(
    job: NewJob,
    options?: { readonly owner?: string | undefined; readonly expectedVersion?: number | undefined },
  ): Promise<Job>;
  delete(uuid: string, options?: { readonly expectedVersion?: number | undefined }): Promise<void>;
  /** One page; without a limit it may be `truncated`, and `nextCursor` goes on. */
  list(filter?: JobFilter): Promise<JobPage & { readonly truncated?: boolean }>;
  /** Creates or updates these jobs, and removes the node's others with this owner. */
  sync(
    jobs: readonly NewJob[],
    options: { readonly nodeId?: string; readonly owner?: string },
  ): Promise<SyncCounts | undefined>;
  close(): void;
}

/** Connects when it is asked for the first time, and again after a connection broke. */
export function createStateClient({
  socketPath,
  deadlineMs = STATE_DEADLINE_MS,
}: StateClientOptions): StateClient {
  let connection: StateConnection | undefined;
  let isClosed = false;
  const call = async (request: StateCall): Promise<StateSuccess> => {
    if (isClosed) throw StateStoreError.closed();
    if (connection === undefined || connection.isClosed)
      connection = new StateConnection(socketPath, deadlineMs, nothing, nothing);
    return connection.call(request);
  };
  return {
    ...callsOver(call),
    close: () => {
      isClosed = true;
      connection?.close();
    },
  };
}

/** The calls of a client, by what carries a request to the service. */
export function callsOver(call: (request: StateCall) => Promise<StateSuccess>): Omit<StateClient, 'close'> {
  return {
    ping: async () => void (await call({ op: 'ping' })),
    create: async (job, options) => jobOf(await call({ op: 'create', job, ...options })),
    get: async (uuid) => jobOf(await call({ op: 'get', uuid })),
    update: async (job, options) => {
      // JSON has no NaN: the service would see no condition.
      checkExpectedVersion(options?.expectedVersion);
      return jobOf(await call({ op: 'update', job, ...options }));
    },
    delete: async (uuid, options) => {
      checkExpectedVersion(options?.expectedVersion);
      await call({ op: 'delete', uuid, ...options });
    },
    list: async (filter = {}) => {
      checkFilter(filter);
      const { jobs = [], nextCursor, truncated } = await call({ op: 'list', filter });
      return {
        jobs,
        ...(nextCursor !== undefined && { nextCursor }),
        ...(truncated !== undefined && { truncated }),
      };
    },
    sync: async (jobs, options) => (await call({ op: 'sync', jobs, ...options })).counts,
  };
}

function jobOf({ job }: StateSuccess): Job {
  if (job !== undefined) return job;
  throw new StateStoreError('INTERNAL', 'the state service has answered without the job');
}

function nothing(): void {
  // The calls under way tell that the connection is there, or over.
}
