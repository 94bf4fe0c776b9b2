import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';
import { createClient } from 'redis';
import { findRedis, startRedis } from '@joblet/services';
import { describeWithServer } from '@joblet/services/jest';
import { newJob } from '@joblet/state-store';
import { openRedisStateStore } from './index.js';
import * as limits from './limits.js';

const packageRoot = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(join(packageRoot, 'README.md'), 'utf8');

describeWithServer('README.md', findRedis, () => {
  it('has a program that runs as it is written', async () => {
    const usage = /```js\n(.*?)```/s.exec(readme)?.[1] ?? '';
    await using server = await startRedis();
    // Inside the package, so that it finds itself by its name: the built one.
    const folder = mkdtempSync(join(packageRoot, 'dist/readme-'));
    try {
      writeFileSync(join(folder, 'usage.mjs'), usage);
      const { stdout, stderr } = await promisify(execFile)(process.execPath, ['usage.mjs'], {
        cwd: folder,
        env: { ...process.env, NODE_OPTIONS: '', REDIS: server.url },
      });
      expect([stdout, stderr]).toEqual(['nightly version 2\n', '']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('names the permissions that a store needs', async () => {
    await using server = await startRedis();
    const admin = await createClient({ url: server.url }).connect();
    const section = readme.slice(readme.indexOf('The user needs'));
    const rules = [...section.matchAll(/[~+][^\s`]+/g)].map(([rule]) => rule);
    await admin.sendCommand(['ACL', 'SETUSER', 'joblet', 'on', '>secret', ...rules]);
    let now = Date.now() - 2 * 86_400_000;
    const url = `redis://joblet:secret@127.0.0.1:${server.port}/0`;
    await using store = await openRedisStateStore({ endpoint: url, ttlDays: 1, now: () => now });
    await store.create(newJob({ uuid: 'a', status: 'COMPLETED' }));
    now += limits.PURGE_INTERVAL_MS;
    await store.create(newJob({ uuid: 'b', nodeId: 'node-1' }));
    await store.update(newJob({ uuid: 'b', nodeId: 'node-1', pid: 1 }));
    for (const sortDesc of [false, true])
      expect((await store.list({ sortDesc })).jobs.map(({ uuid }) => uuid)).toEqual(['b']);
    expect(await store.sync([], { nodeId: 'node-1', owner: '' })).toMatchObject({ removed: 1 });
    expect(await store.healthCheck()).toEqual({ ok: true, details: [] });
    // Also what a store does beside its calls, and tells nobody. The driver tells its name to servers of 7.2 and newer.
    const refused = await admin.sendCommand<string[][]>(['ACL', 'LOG']);
    expect(refused.filter((entry) => !entry.includes('client|setinfo'))).toEqual([]);
    admin.destroy();
  });
});

it('README.md has the limits that callers meet', () => {
  for (const limit of [limits.SYNCED_JOBS_MAX, limits.CALLS_MAX, limits.SCANNED_ENTRIES_MAX]) {
    expect(readme).toContain(limit.toLocaleString('en'));
  }
});
