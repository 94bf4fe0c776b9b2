import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';
import { ServerFixture, until } from './testing/server-fixture.js';

it('the usage in README.md runs as it is written', async () => {
  const packageRoot = fileURLToPath(new URL('..', import.meta.url));
  const usage = /```js\n(.*?)```/s.exec(readFileSync(join(packageRoot, 'README.md'), 'utf8'))?.[1] ?? '';
  // Inside the package, so that it finds itself by its name: the built one.
  const folder = mkdtempSync(join(packageRoot, 'dist/readme-'));
  const server = await ServerFixture.create();
  try {
    await server.start();
    const script = join(folder, 'usage.mjs');
    writeFileSync(script, usage);
    const run = promisify(execFile);
    const { stdout, stderr } = await run(process.execPath, [script, server.path]);
    expect([stdout, stderr]).toEqual(['0 rows were not sent\n', 'connected\n']);
    await until(() => server.received[0].messages.length === 3);
    expect(server.rows.map(({ jobId, content }) => [jobId, content])).toEqual([
      ['backup-1', 'one\n'],
      ['backup-1', 'two\n'],
    ]);
  } finally {
    await server.remove();
    rmSync(folder, { recursive: true });
  }
});
