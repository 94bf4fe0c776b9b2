import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { StateProcess } from './testing/state-process.js';

const EXAMPLE = fileURLToPath(new URL('../../../examples/custom-state-backend', import.meta.url));

let state: StateProcess;

beforeEach(async () => {
  state = await StateProcess.create();
});
afterEach(() => state.dispose());

it('a store of somebody else, by its folder: what it has acknowledged survives a kill; secrets never reach it', async () => {
  const path = join(state.directory, 'jobs');
  await state.configure({ backend: EXAMPLE, storage: { options: { path } } });
  await state.start({ JOBLET_STATE_KEY: 'ab'.repeat(32) });
  let client = await state.connect();
  const secretEnvironment = { TOKEN: 'hunter2' };
  for (let index = 0; index < 100; index++)
    await client.ask({ op: 'create', job: { uuid: `job-${index}`, secretEnvironment } });
  await state.stop('SIGKILL');

  await state.start({ JOBLET_STATE_KEY: '' });
  client = await state.connect();
  const { jobs } = await client.ask({ op: 'list' });
  expect(jobs).toHaveLength(100);
  expect(jobs![0]).not.toHaveProperty('secretEnvironment');
  expect(await state.stop()).toBe(0);
});

it('options that it does not know end the service with 78', async () => {
  await state.configure({ backend: EXAMPLE, storage: { options: { pth: 'x' } } });
  await expect(state.start()).rejects.toThrow(/option pth is not known/);
  expect(await state.ended()).toBe(78);
});
