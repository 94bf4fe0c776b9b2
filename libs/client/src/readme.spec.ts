import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http2';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { expect, it } from '@jest/globals';
import { PersistService } from '@joblet/proto/persist';
import { FakeState } from './testing/fake-state.js';

const SOCKET = '/opt/joblet/run/persist-grpc.sock';

it('the usage in README.md runs as it is written', async () => {
  const packageRoot = fileURLToPath(new URL('..', import.meta.url));
  const usage = /```js\n(.*?)```/s.exec(readFileSync(join(packageRoot, 'README.md'), 'utf8'))?.[1] ?? '';
  expect(usage).toContain(SOCKET);
  // Inside the package, so that it finds itself by its name: the built one.
  const folder = mkdtempSync(join(packageRoot, 'dist/readme-'));
  const server = createServer(
    connectNodeAdapter({
      routes: (router) =>
        router.service(PersistService, {
          async *queryLogs({ tail }, { responseTrailer }) {
            responseTrailer.set('joblet-gaps', '1');
            yield { timestamp: 7n, content: Buffer.from(`the last ${tail}\n`) };
          },
        }),
    }),
  );
  try {
    const script = join(folder, 'usage.mjs');
    writeFileSync(script, usage.replace(SOCKET, './s'));
    await new Promise<void>((done) => server.listen({ path: join(folder, 's') }, done));
    const { stdout } = await promisify(execFile)(process.execPath, [script], { cwd: folder });
    expect(stdout).toBe('7n the last 2\nknown gaps: 1\n');
  } finally {
    await new Promise((done) => server.close(done));
    rmSync(folder, { recursive: true });
  }
});

it('so does the one of the job store', async () => {
  const packageRoot = fileURLToPath(new URL('..', import.meta.url));
  const usages = readFileSync(join(packageRoot, 'README.md'), 'utf8').matchAll(/```js\n(.*?)```/gs);
  const usage = [...usages].map(([, code]) => code).find((code) => code.includes('createJobStoreAdapter'));
  const folder = mkdtempSync(join(packageRoot, 'dist/readme-'));
  const state = new FakeState();
  try {
    const script = join(folder, 'usage.mjs');
    writeFileSync(script, usage!.replace('/opt/joblet/run/state-ipc.sock', state.path));
    await state.start();
    const { stdout } = await promisify(execFile)(process.execPath, [script], { cwd: folder });
    expect(stdout).toBe('COMPLETED 0\nnot stored: 0\n');
    expect(await state.store.get('nightly')).toMatchObject({ status: 'COMPLETED', nodeId: 'node-1' });
  } finally {
    await state.dispose();
    rmSync(folder, { recursive: true });
  }
});
