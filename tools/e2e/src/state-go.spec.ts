import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { StateProcess } from './testing/state-process.js';

const CLIENT = fileURLToPath(new URL('../../../tools/foreign-clients/go', import.meta.url));
const JOBS = 2_000;

const hasGo = spawnSync('go', ['version']).status === 0;
if (!hasGo && process.env.JOBLET_REQUIRE_SERVERS === '1')
  throw new Error('go is required, and was not found');

const BUILD_TIMEOUT_MS = 300_000;
const TIMEOUT_MS = 120_000;

// A stranger may not have Go: then the summary of npm test says that this was left out.
(hasGo ? describe : describe.skip)('a client in Go with a pool of 20 connections', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'joblet-go-'));
    await promisify(execFile)('go', ['build', '-o', join(folder, 'client'), './state'], { cwd: CLIENT });
  }, BUILD_TIMEOUT_MS);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(['memory', 'local'])(
    '%s: every operation, every field',
    async (backend) => {
      const state = await StateProcess.create({ backend });
      try {
        // Without a key, a store on a disk would leave the secrets out.
        await state.start({ JOBLET_STATE_KEY: 'ab'.repeat(32) });
        const args = ['-socket', state.socket, '-jobs', String(JOBS)];
        const { stdout } = await promisify(execFile)(join(folder, 'client'), args);
        expect(JSON.parse(stdout)).toMatchObject({ jobs: JOBS });
        expect(await state.stop()).toBe(0);
      } finally {
        await state.dispose();
      }
    },
    TIMEOUT_MS,
  );
});
