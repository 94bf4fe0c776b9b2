import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';

it('the usage in README.md runs as it is written, and again on what it left', async () => {
  const packageRoot = fileURLToPath(new URL('..', import.meta.url));
  const usage = /```js\n(.*?)```/s.exec(readFileSync(join(packageRoot, 'README.md'), 'utf8'))?.[1] ?? '';
  // Inside the package, so that it finds itself by its name: the built one.
  const folder = mkdtempSync(join(packageRoot, 'dist/readme-'));
  try {
    writeFileSync(join(folder, 'usage.mjs'), usage);
    const run = () => promisify(execFile)(process.execPath, ['usage.mjs'], { cwd: folder });
    expect(await run()).toEqual({ stdout: '0 1\n', stderr: '' });
    expect(await run()).toEqual({ stdout: '6 2\n', stderr: '' });
    expect(await run()).toEqual({ stdout: '6 2\n', stderr: '' });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
