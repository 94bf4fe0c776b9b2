import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Server } from '@joblet/services';
import { describeWithServer } from '@joblet/services/jest';
import { REMOTE_BACKENDS, REMOTE_ENV } from './testing/remote-backends.js';
import { CHILD_ENV } from './testing/service-process.js';
import { STATE } from './testing/state-process.js';

const JOBS = 1_000;
const TIMEOUT_MS = 300_000;
const ENV = { ...CHILD_ENV, ...REMOTE_ENV };
/** Gives a command a terminal. */
const hasTerminals = spawnSync('script', ['-qec', 'true', '/dev/null'], { stdio: 'ignore' }).status === 0;

const findAll = () =>
  hasTerminals && REMOTE_BACKENDS.every(({ find }) => find() !== undefined) ? true : undefined;

describeWithServer('state migrate, killed on its way and run again', findAll, () => {
  let folder: string;
  const servers: Server[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'joblet-migrate-'));
    for (const directory of ['first', 'last'])
      await configure(directory, 'local', { local: { directory: `./${directory}` } });
    for (const { name, start } of REMOTE_BACKENDS) {
      const { server, storage } = await start();
      servers.push(server);
      await configure(name, name, storage);
    }
  }, TIMEOUT_MS);
  afterAll(async () => {
    for (const server of servers) await server.stop();
    await rm(folder, { recursive: true });
  }, TIMEOUT_MS);

  async function configure(file: string, backend: string, storage: object): Promise<void> {
    await writeFile(join(folder, `${file}.yml`), JSON.stringify({ state: { backend, storage } }));
  }

  const place = (name: string): string => join(folder, `${name}.yml`);

  function state(args: readonly string[], input = '') {
    const { status, stdout, stderr } = spawnSync(process.execPath, [STATE, ...args], {
      input,
      encoding: 'utf8',
      env: ENV,
      maxBuffer: 2 ** 28,
    });
    return { code: status, out: stdout, err: stderr.replace(/^\(.*Warning[^]*?\)$/gm, '') };
  }

  const jobsIn = (name: string): string => state(['export', '--from', place(name)]).out;

  /** Starts it on a terminal and kills it when its bar shows that some jobs are there and some are not. */
  async function killInTheMiddle(from: string, to: string): Promise<void> {
    const script = `echo "pid $$"; exec "${process.execPath}" "${STATE}" migrate --from "${from}" --to "${to}"`;
    const child = spawn('script', ['-qec', script, '/dev/null'], {
      env: ENV,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const closed = once(child, 'close');
    let shown = '';
    for await (const chunk of child.stdout) {
      shown += String(chunk);
      const done = Number(/.*% (\d+) jobs/s.exec(shown)?.[1] ?? 0);
      if (done > 0 && done < JOBS) break;
    }
    process.kill(Number(/pid (\d+)/.exec(shown)?.[1]), 'SIGKILL');
    await closed;
    expect(shown).toMatch(/\r\[#*-+\] \d+% \d+ jobs/);
  }

  it('starts with jobs that have fields of all kinds, and secrets, which are sealed', () => {
    const jobs = Array.from({ length: JOBS }, (_, index) => {
      const fields = { uuid: `job-${index}`, status: index % 3 ? 'RUNNING' : 'COMPLETED', nodeId: 'node-1' };
      const rest = { future: { list: [index, null] }, secretEnvironment: { TOKEN: `hunter-${index}` } };
      return `${JSON.stringify({ ...fields, ...rest }).slice(0, -1)},"big":12345678901234567890,"owner":"rnx"}\n`;
    });
    expect(state(['import', '--to', place('first')], jobs.join(''))).toMatchObject({ code: 0 });
    const first = jobsIn('first');
    expect(first.split('\n')).toHaveLength(JOBS + 1);
    expect(first).not.toContain('hunter');
  });

  const stations = ['first', ...REMOTE_BACKENDS.map(({ name }) => name), 'last'];
  it.each(stations.slice(1).map((to, index) => [stations[index], to]))(
    'takes all from %s to %s, and shows a bar on a terminal only',
    async (from, to) => {
      await killInTheMiddle(place(from), place(to));
      const second = state(['migrate', '--from', place(from), '--to', place(to)]);
      expect(second).toMatchObject({ code: 0, err: expect.not.stringMatching(/\r/) });
      const [, put, there] = /^(\d+) jobs put, (\d+) were there, 0 are not there\n$/.exec(second.out)!;
      expect(Number(put)).toBeGreaterThan(0);
      expect(Number(there)).toBeGreaterThan(0);
      expect(Number(put) + Number(there)).toBe(JOBS);
      expect(jobsIn(to)).toBe(jobsIn('first'));
    },
    TIMEOUT_MS,
  );
});
