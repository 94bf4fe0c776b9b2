import { describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const packageFolder = fileURLToPath(new URL('..', import.meta.url));

describe('README.md', () => {
  it('has an example that runs, and stops', async () => {
    const readme = await readFile(join(packageFolder, 'README.md'), 'utf8');
    const example = /```js\n(.*?)```/s.exec(readme)?.[1] ?? '';
    const cwd = await mkdtemp(join(packageFolder, 'readme-'));
    try {
      await writeFile(join(cwd, 'example.mjs'), example);
      const child = spawn(process.execPath, ['example.mjs'], { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
      const exited = once(child, 'exit');
      const output = text(child.stdout);
      await once(child.stdout, 'data');
      child.kill('SIGTERM');
      expect(await exited).toEqual([0, null]);
      expect(await output).toContain('stopped');
      expect(await readdir(join(cwd, 'run'))).toEqual([]);
    } finally {
      await rm(cwd, { recursive: true });
    }
  });
});
