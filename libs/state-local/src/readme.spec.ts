import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';
import * as limits from './limits.js';

const packageRoot = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(join(packageRoot, 'README.md'), 'utf8');

it('the program and the repair in README.md run as they are written', async () => {
  const usage = /```js\n(.*?)```/s.exec(readme)?.[1] ?? '';
  const repair = /```sh\n(.*?)```/s.exec(readme)?.[1] ?? '';
  // Inside the package, so that it finds itself by its name: the built one.
  const folder = mkdtempSync(join(packageRoot, 'dist/readme-'));
  const run = async (command: string, ...args: string[]) => {
    const env = { ...process.env, NODE_OPTIONS: '' };
    const { stdout, stderr } = await promisify(execFile)(command, args, { cwd: folder, env });
    return [stdout, stderr];
  };
  try {
    writeFileSync(join(folder, 'usage.mjs'), usage);
    expect(await run(process.execPath, 'usage.mjs')).toEqual(['nightly version 2\n', '']);
    expect(await run('sh', '-c', repair)).toEqual(['{ jobs: 1, removed: [] }\n', '']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('README.md has the limits that callers meet', () => {
  for (const limit of [limits.BATCH_CHANGES_MAX, limits.CALLS_MAX, limits.NUMBERED_BATCHES]) {
    expect(readme).toContain(limit.toLocaleString('en'));
  }
});
