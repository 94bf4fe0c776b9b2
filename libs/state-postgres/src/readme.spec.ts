import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';
import { findPostgres, startPostgres } from '@joblet/services';
import { describeWithServer } from '@joblet/services/jest';

const TIMEOUT_MS = 120_000;

describeWithServer('README.md', findPostgres, () => {
  it(
    'has a program that runs as it is written',
    async () => {
      await using server = await startPostgres({ settings: { fsync: 'off' } });
      const packageRoot = fileURLToPath(new URL('..', import.meta.url));
      const usage = /```js\n(.*?)```/s.exec(readFileSync(join(packageRoot, 'README.md'), 'utf8'))?.[1] ?? '';
      // Inside the package, so that it finds itself by its name: the built one.
      const folder = mkdtempSync(join(packageRoot, 'dist/readme-'));
      try {
        writeFileSync(join(folder, 'usage.mjs'), usage);
        const env = { ...process.env, DATABASE_URL: server.url };
        const { stdout, stderr } = await promisify(execFile)(process.execPath, ['usage.mjs'], {
          cwd: folder,
          env,
        });
        expect([stdout, stderr]).toEqual(['job-1 RUNNING version 2\n', '']);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
    TIMEOUT_MS,
  );
});
