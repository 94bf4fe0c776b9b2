import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import type { LineClient } from './testing/line-client.js';
import { StateProcess } from './testing/state-process.js';

interface Line {
  readonly request: string;
  readonly response: string;
}

const transcript = (
  await readFile(new URL('../../../testdata/go/state/transcript.jsonl', import.meta.url), 'utf8')
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

const FIELDS = [
  ...['Uuid', 'Name', 'Command', 'Type', 'CgroupPath', 'Status', 'Network', 'Runtime', 'WorkflowUuid'],
  ...['WorkingDirectory', 'NodeId', 'Args', 'Volumes', 'Uploads', 'Dependencies', 'Environment'],
  ...['SecretEnvironment', 'GPUIndices', 'EndTime', 'ScheduledTime', 'Pid', 'ExitCode', 'GPUCount'],
  ...['GPUMemoryMB', 'StartTime'],
];
const ZEROS = new Set(['', 'null', '0', '[]', '{}', '0001-01-01T00:00:00Z']);

/** As Go's struct has it: its keys in any case, and a zero value for what is not there. */
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
  const { job, jobs, error, requestId, success } = JSON.parse(response) as {
    requestId: string;
    success: boolean;
    job?: object;
    jobs?: object[];
    error?: string;
  };
  return {
    requestId,
    success,
    error: error?.replace(/^(INVALID_JSON: ).*/, '$1'),
    job: job && asGo(job),
    jobs: jobs?.map(asGo),
  };
}

async function check(client: LineClient, { request, response }: Line, number: number): Promise<void> {
  // The captured ones came without their newline.
  await client.write(request.endsWith('\n') ? request : `${request}\n`);
  const different = DIFFERENT[number];
  for (const expected of response.trim().split('\n')) {
    const found = (await client.line()) ?? '';
    if (different?.error !== undefined)
      expect(JSON.parse(found)).toMatchObject({ success: false, error: different.error });
    else if (different?.uuids !== undefined) {
      const { jobs } = JSON.parse(found) as { jobs: { uuid: string }[] };
      expect(jobs.map(({ uuid }) => uuid)).toEqual(different.uuids);
    } else expect({ number, ...comparable(found) }).toEqual({ number, ...comparable(expected) });
  }
}

describe("the Go service's transcript, over the socket", () => {
  it.each(['memory', 'local'])('%s: every line is answered as the Go service does', async (backend) => {
    // Its update of an unknown job fails.
    const state = await StateProcess.create({ backend, upsert_updates: false });
    try {
      // Without a key, a store on a disk would leave the secrets out.
      await state.start({ JOBLET_STATE_KEY: 'ab'.repeat(32) });
      const client = await state.connect();
      for (const [number, line] of transcript.entries()) await check(client, line, number);
      expect(await state.stop()).toBe(0);
    } finally {
      await state.dispose();
    }
  });
});
