import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';
import { findDynamoDbLocal } from '@joblet/services';
import { describeWithServer } from '@joblet/services/jest';
import { Local, TIMEOUT_MS } from './testing/local.js';

describeWithServer('README.md', findDynamoDbLocal, () => {
  const local = new Local();

  it(
    'has a program that runs as it is written',
    async () => {
      const packageRoot = fileURLToPath(new URL('..', import.meta.url));
      const usage = /```js\n(.*?)```/s.exec(readFileSync(join(packageRoot, 'README.md'), 'utf8'))?.[1] ?? '';
      // Inside the package, so that it finds itself by its name: the built one.
      const folder = mkdtempSync(join(packageRoot, 'dist/readme-'));
      try {
        writeFileSync(join(folder, 'usage.mjs'), usage);
        const env = { ...process.env, DYNAMODB_ENDPOINT: local.place.endpoint };
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
