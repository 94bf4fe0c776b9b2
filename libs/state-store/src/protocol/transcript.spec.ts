import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { createMemoryStore } from '../memory-store.js';
import type { StateStore } from '../state-store.js';
import { resolveSync } from '../sync.js';
import { decodeRequest, type StateRequest } from './request.js';
import { decodeResponse, encodeResponse, failure, type StateSuccess } from './response.js';
import { toWireError } from './wire-error.js';

interface Line {
  readonly request: string;
  readonly response: string;
}

/** As the state service does it, with `upsert_updates: false`. */
async function carryOut(store: StateStore, request: StateRequest): Promise<StateSuccess> {
  const answer = { requestId: request.requestId, success: true } as const;
  switch (request.op) {
    case 'ping':
      return answer;
    case 'create':
      return { ...answer, job: await store.create(request.job) };
    case 'update':
      return { ...answer, job: await store.update(request.job) };
    case 'get':
      return { ...answer, job: await store.get(request.uuid) };
    case 'delete':
      await store.delete(request.uuid);
      return answer;
    case 'list':
      return { ...answer, ...(await store.list(request.filter)) };
    case 'sync': {
      const { jobs, scope } = resolveSync(request.jobs, request, 'node-1');
      await store.sync(jobs, scope);
      return answer;
    }
  }
}

async function answerTo(store: StateStore, line: string): Promise<string> {
  let request: StateRequest;
  try {
    request = decodeRequest(line);
  } catch (error) {
    return encodeResponse(failure(toWireError('ping', '', error)));
  }
  try {
    return encodeResponse(await carryOut(store, request));
  } catch (error) {
    return encodeResponse(failure(toWireError(request.op, request.requestId, error)));
  }
}

/** As Go's struct has it: in any case of its key, and its zero value when it is not there. */
const FIELDS = [
  ...['Uuid', 'Name', 'Command', 'Type', 'CgroupPath', 'Status', 'Network', 'Runtime', 'WorkflowUuid'],
  ...['WorkingDirectory', 'NodeId', 'Args', 'Volumes', 'Uploads', 'Dependencies', 'Environment'],
  ...['SecretEnvironment', 'GPUIndices', 'EndTime', 'ScheduledTime', 'Pid', 'ExitCode', 'GPUCount'],
  ...['GPUMemoryMB', 'StartTime'],
];
const ZEROS = new Set(['', 'null', '0', '[]', '{}', '0001-01-01T00:00:00Z']);

function asGo(job: object): object {
  const byKey = new Map(Object.entries(job).map(([key, value]) => [key.toLowerCase(), value as unknown]));
  const entries = FIELDS.map((name) => {
    const value = byKey.get(name.toLowerCase()) ?? null;
    const isZero = ZEROS.has(typeof value === 'string' ? value : JSON.stringify(value));
    return [name, isZero ? null : value];
  });
  return Object.fromEntries(entries) as object;
}

function comparable(response: string): object {
  const { job, jobs, error, ...rest } = JSON.parse(response) as {
    job?: object;
    jobs?: object[];
    error?: string;
    code?: string;
  };
  delete rest.code;
  return {
    ...rest,
    error: error?.replace(/^(INVALID_JSON: ).*/, '$1'),
    job: job && asGo(job),
    jobs: jobs?.map(asGo),
  };
}

const transcript = (
  await readFile(new URL('../../../../testdata/go/state/transcript.jsonl', import.meta.url), 'utf8')
)
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Line);

/** By its number: why ours answers otherwise, as the specification has it. */
const DIFFERENT: Readonly<Record<number, Partial<{ uuids: string[]; error: string }>>> = {
  // Equal times are by uuid, ascending.
  22: { uuids: ['job-000000', 'job-000001'] },
  // A sync leaves the jobs of other nodes: these have none, and become the service's.
  27: { uuids: ['s-1', 's-2'] },
  // A job without an id.
  33: { error: 'CREATE_ERROR: jobID is required' },
};

describe("the Go service's transcript", () => {
  const store = createMemoryStore();

  it.each(transcript.map((line, number) => ({ ...line, number })))(
    'line $number: $request',
    async ({ request, response, number }) => {
      const requests = request.replace(/\n$/, '').split('\n');
      const expected = response.trim().split('\n').map(comparable);
      for (const [index, line] of requests.entries()) {
        const found = await answerTo(store, line);
        const different = DIFFERENT[number];
        if (different?.error !== undefined)
          expect(JSON.parse(found)).toMatchObject({ success: false, error: different.error });
        else if (different?.uuids !== undefined) {
          const { jobs } = JSON.parse(found) as { jobs: { uuid: string }[] };
          expect(jobs.map(({ uuid }) => uuid)).toEqual(different.uuids);
        } else expect(comparable(found)).toEqual(expected[index]);
        expect(encodeResponse(decodeResponse(found.trimEnd()))).toBe(found);
      }
    },
  );
});
