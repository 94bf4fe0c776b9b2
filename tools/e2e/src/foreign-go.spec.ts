import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PersistProcess } from './testing/persist-process.js';

const CLIENT = fileURLToPath(new URL('../../../tools/foreign-clients/go', import.meta.url));
const DAEMON_CAPTURE = fileURLToPath(new URL('../../../testdata/go/ipc/daemon-v1.bin', import.meta.url));
const LOG = fileURLToPath(new URL('../../../examples/data/auth.log.gz', import.meta.url));

const hasGo = spawnSync('go', ['version']).status === 0;
if (!hasGo && process.env.JOBLET_REQUIRE_SERVERS === '1')
  throw new Error('go is required, and was not found');

/** The client is compiled once; Go fetches gRPC when it is not in its cache. */
const BUILD_TIMEOUT_MS = 300_000;
const TIMEOUT_MS = 120_000;

// A stranger may not have Go: then the summary of npm test says that this was left out.
(hasGo ? describe : describe.skip)('a producer and a gRPC client in Go', () => {
  let folder: string;
  let persist: PersistProcess;
  const client = (...args: string[]) =>
    promisify(execFile)(join(folder, 'client'), args, { maxBuffer: 1 << 28 });
  const rowsOf = async (...args: string[]) => {
    const { stdout } = await client('rows', '-socket', persist.grpcSocket, ...args);
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'joblet-go-'));
    await promisify(execFile)('go', ['build', '-o', join(folder, 'client'), '.'], { cwd: CLIENT });
    await writeFile(join(folder, 'log'), gunzipSync(await readFile(LOG)));
    persist = await PersistProcess.create();
    await persist.start();
  }, BUILD_TIMEOUT_MS);
  afterAll(async () => {
    await persist.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  it(
    '80,000 lines of 8 jobs at 20,000 a second come back complete, in order, byte for byte; after a restart too',
    async () => {
      const sizes = ['-log', join(folder, 'log'), '-jobs', '8', '-lines', '80000'];
      await client('produce', '-socket', persist.ipcSocket, ...sizes, '-rate', '20000');
      const verify = async () =>
        JSON.parse((await client('verify', '-socket', persist.grpcSocket, ...sizes)).stdout);
      expect(await verify()).toEqual({ verified: 80_000 });
      expect(await persist.metric('persist_ipc_messages_durable_total')).toBe(80_000);
      expect(await persist.stop()).toBe(0);
      await persist.start();
      expect(await verify()).toEqual({ verified: 80_000 });
    },
    TIMEOUT_MS,
  );

  it('reads the capture of the daemon, with filter, tail and the trailer that counts gaps', async () => {
    await client('send', '-socket', persist.ipcSocket, '-frames', DAEMON_CAPTURE);
    const rows = await rowsOf('-job', '3f2b8c1e-job');
    expect(rows).toHaveLength(201);
    expect(rows.at(-1)).toEqual({ gaps: '0' });
    expect(await rowsOf('-job', '3f2b8c1e-job', '-tail', '5', '-stream', '2')).toHaveLength(6);
    const accepted = await rowsOf('-job', '3f2b8c1e-job', '-filter', 'Accepted');
    expect(accepted.length).toBeGreaterThan(1);
    for (const { content } of accepted.slice(0, -1)) {
      expect(Buffer.from(String(content), 'base64').toString()).toContain('Accepted');
    }
  });

  it('gets the codes of gRPC for what is wrong', async () => {
    await expect(rowsOf('-job', 'nobody')).rejects.toMatchObject({
      stderr: expect.stringContaining('code = NotFound desc = job nobody is not known'),
    });
    await expect(rowsOf('-job', 'a/b')).rejects.toMatchObject({
      stderr: expect.stringContaining('code = InvalidArgument desc = job_id is "a/b"'),
    });
  });
});
