import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { createJobStoreAdapter, type JobStoreAdapter } from '@joblet/client/state';
import { newJob } from '@joblet/state-store';
import { StateProcess } from './testing/state-process.js';
import { until } from './testing/until.js';

let state: StateProcess;
let jobs: JobStoreAdapter | undefined;

beforeEach(async () => {
  state = await StateProcess.create({ backend: 'local' });
});
afterEach(async () => {
  await jobs?.close({ deadlineMs: 0 });
  await state.dispose();
});

const COUNT = 300;

it.each(['replay', 'sync'] as const)(
  '%s: however often the service is killed under it, in the end the service has what the job store has',
  async (onReconnect) => {
    jobs = createJobStoreAdapter({ socketPath: state.socket, nodeId: 'node-1', onReconnect });
    for (let round = 0; round < 4; round++) {
      await state.start();
      for (let index = 0; index < COUNT; index++) {
        const uuid = `job-${round}-${index}`;
        jobs.create(newJob({ uuid, status: 'PENDING' }));
        if (index % 3 === 0) jobs.update(newJob({ uuid, status: 'RUNNING', pid: index }));
        if (index % 5 === 0) jobs.delete(uuid);
        if (round > 0 && index % 2 === 0) {
          const before = `job-${round - 1}-${index}`;
          if (jobs.get(before) !== undefined)
            jobs.update(newJob({ uuid: before, status: 'COMPLETED', exitCode: 0 }));
        }
        if (index % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      // Somewhere in the middle of it.
      await until(async () => jobs!.isConnected);
      await state.stop('SIGKILL');
    }
    await state.start();
    await until(async () => jobs!.isConnected && jobs!.unstored === 0);
    expect(jobs.dropped).toBe(0);
    const { jobs: stored } = await (await state.connect()).ask({ op: 'list', filter: { limit: 1_000_000 } });
    const shown = ({ uuid, status, exitCode, pid }: Record<string, unknown>) => ({
      uuid,
      status,
      exitCode,
      pid,
    });
    const expected = jobs.list().jobs.map(({ json }) => shown(JSON.parse(json)));
    const byUuid = (one: { uuid: unknown }, other: { uuid: unknown }) =>
      String(one.uuid) < String(other.uuid) ? -1 : 1;
    expect(stored!.map(shown).sort(byUuid)).toEqual(expected.sort(byUuid));
  },
  120_000,
);
