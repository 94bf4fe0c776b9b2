import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';
import { findRedis, startRedis } from '@joblet/services';
import { describeWithServer } from '@joblet/services/jest';
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
});

it('README.md has the limits that callers meet', () => {
  for (const limit of [limits.SYNCED_JOBS_MAX, limits.CALLS_MAX, limits.SCANNED_ENTRIES_MAX]) {
    expect(readme).toContain(limit.toLocaleString('en'));
  }
});
