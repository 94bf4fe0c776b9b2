import type { StateClient } from '@joblet/client/state';
import type { Job, JobFilter } from '@joblet/state-store';
import type { CliIo } from './cli-io.js';
import { clientErrorCode } from './client-error-code.js';
import { findState, isNoneThere, type StatePlace } from './find-state.js';
import type { GlobalOptions } from './global-options.js';
import { STATE_PAGE } from './limits.js';

/** What the state service has of jobs; nothing when it is not there, which is told once. */
export interface States {
  /** Undefined: the state service is not asked, or is not there. */
  list(filter: JobFilter): Promise<readonly Job[] | undefined>;
  /** Undefined: it has no such job, or is not there. */
  get(uuid: string): Promise<Job | undefined>;
  /** What it was. Undefined: it has no such job, or there is no such service. Rejects when the service cannot be asked. */
  delete(uuid: string): Promise<Job | undefined>;
  /** Why the service, which is said to be there, cannot be asked, as far as it was. */
  readonly trouble: unknown;
  close(): Promise<void>;
}

/** Looks for the service when it is asked for the first time. `onAway` is told once that it is not there. */
export function openStates(options: GlobalOptions, io: CliIo, onAway: (error: unknown) => void): States {
  let opening: Promise<OpenClient | undefined> | undefined;
  let isAway = false;
  let trouble: unknown;
  const ask = async <Result>(work: (client: StateClient) => Promise<Result>): Promise<Result | undefined> => {
    const opened = await (opening ??= openClient(options, io));
    if (opened === undefined || isAway) return undefined;
    try {
      return await work(opened.client);
    } catch (error) {
      const code = clientErrorCode(error);
      if (code === 'JOB_NOT_FOUND' || code === 'CLOSED') return undefined;
      if (code !== 'UNAVAILABLE') throw error;
      isAway = true;
      if (!isNoneThere(opened.place, error)) {
        trouble = error;
        onAway(error);
      }
      return undefined;
    }
  };
  return {
    list: (filter) => ask((client) => listAll(client, filter)),
    get: (uuid) => ask((client) => client.get(uuid)),
    async delete(uuid) {
      const deleted = await ask(async (client) => {
        const job = await client.get(uuid);
        await client.delete(uuid);
        return job;
      });
      if (trouble !== undefined) throw trouble;
      return deleted;
    },
    get trouble() {
      return trouble;
    },
    close: async () => (await opening?.catch(() => undefined))?.client.close(),
  };
}

interface OpenClient {
  readonly client: StateClient;
  readonly place: StatePlace;
}

async function openClient(options: GlobalOptions, io: CliIo): Promise<OpenClient | undefined> {
  const place = await findState(options, io);
  if (place === undefined) return undefined;
  const { createStateClient } = await import('@joblet/client/state');
  return { client: createStateClient({ socketPath: place.socketPath }), place };
}

async function listAll(client: StateClient, filter: JobFilter): Promise<Job[]> {
  const { limit = Infinity } = filter;
  const jobs: Job[] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined && jobs.length < limit;) {
    const page = await client.list({
      ...filter,
      limit: Math.min(STATE_PAGE, limit - jobs.length),
      ...(cursor !== '' && { cursor }),
    });
    jobs.push(...page.jobs);
    cursor = page.nextCursor;
  }
  return jobs;
}
