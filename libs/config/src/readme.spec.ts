import { describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const packageFolder = fileURLToPath(new URL('..', import.meta.url));

describe('README.md', () => {
  it('has an example that runs', async () => {
    const readme = await readFile(join(packageFolder, 'README.md'), 'utf8');
    const example = /```js\n(.*?)```/s.exec(readme)?.[1] ?? '';
    const folder = await mkdtemp(join(packageFolder, 'readme-'));
    try {
      process.env.JOBLET_CONFIG_PATH = join(folder, 'joblet-config.yml');
      await writeFile(process.env.JOBLET_CONFIG_PATH, 'persist: {storage: {base_dir: /srv/joblet}}\n');
      await writeFile(join(folder, 'example.mjs'), `${example}\nexport { config };\n`);
      const { config }: { config: unknown } = await import(join(folder, 'example.mjs'));
      expect(config).toMatchObject({ persist: { ipc: { socket: '/srv/joblet/run/persist-ipc.sock' } } });
    } finally {
      delete process.env.JOBLET_CONFIG_PATH;
      await rm(folder, { recursive: true });
    }
  });
});
