import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CHILD_ENV, PersistProcess } from './testing/persist-process.js';

const RNX = fileURLToPath(new URL('../../../apps/rnx/bin/rnx.js', import.meta.url));
const KAFKA_LOG = fileURLToPath(new URL('../../../examples/data/kafka-broker.log.gz', import.meta.url));

let persist: PersistProcess;

beforeEach(async () => {
  persist = await PersistProcess.create();
  await persist.start();
});
afterEach(() => persist.dispose());

function rnx(...args: string[]) {
  const env = { ...CHILD_ENV, JOBLET_CONFIG_PATH: persist.config };
  const { status, stdout, stderr } = spawnSync(process.execPath, [RNX, ...args], { env, maxBuffer: 1 << 28 });
  return { status, stdout, stderr: stderr.toString() };
}

const lines = (output: Buffer) => output.toString().trimEnd().split('\n');

describe('rnx and persist', () => {
  it('a job that prints a real log: passed through unchanged, and found again byte for byte', async () => {
    const log = gunzipSync(await readFile(KAFKA_LOG));
    const file = join(persist.directory, 'log');
    await writeFile(file, log);
    const run = rnx('job', 'run', '--id', 'kafka', '--', 'cat', file);
    expect(run.status).toBe(0);
    expect(run.stderr).toBe('job kafka\n');
    expect(run.stdout.equals(log)).toBe(true);
    expect(rnx('job', 'log', 'kafka', '--raw').stdout.equals(log)).toBe(true);
    const expected = log
      .toString()
      .split('\n')
      .filter((line) => line.includes('ERROR'));
    expect(lines(rnx('job', 'log', 'kafka', '--filter=ERROR').stdout)).toEqual(expected);
  });

  it('both streams, exit code, and bytes that are no text', () => {
    const script =
      'process.stdout.write("out\\n"); process.stderr.write(Buffer.from([0xff, 0x00])); process.exitCode = 7';
    const run = rnx('job', 'run', '--id', 'both', '--quiet', '--', process.execPath, '-e', script);
    expect(run).toMatchObject({ status: 7, stdout: Buffer.from('out\n') });
    const rows = lines(rnx('job', 'log', 'both', '--json').stdout).map(
      (line) => JSON.parse(line) as Record<string, unknown>,
    );
    expect(rows).toHaveLength(2);
    expect(rows.find(({ stream }) => stream === 'stdout')).toMatchObject({
      job_id: 'both',
      content: 'out\n',
    });
    expect(rows.find(({ stream }) => stream === 'stderr')).toMatchObject({ content_base64: '/wA=' });
  });

  it('lists, shows and deletes jobs, also by the beginning of an id', () => {
    for (const id of ['build-1', 'build-2', 'deploy']) rnx('job', 'run', '--id', id, '--', 'echo', id);
    const listed = lines(rnx('job', 'list', '--json').stdout).map(
      (line) => (JSON.parse(line) as { job_id: string }).job_id,
    );
    expect(listed.sort()).toEqual(['build-1', 'build-2', 'deploy']);
    expect(rnx('job', 'log', 'dep').stdout.toString()).toBe('deploy\n');
    const ambiguous = rnx('job', 'status', 'build');
    expect(ambiguous.status).not.toBe(0);
    expect(ambiguous.stderr).toContain('build-1');
    expect(rnx('job', 'status', 'deploy').stdout.toString()).toContain('deploy');
    expect(rnx('job', 'delete', 'dep').status).toBe(0);
    expect(rnx('job', 'log', 'deploy')).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('deploy'),
    });
  });

  it('measures what the job uses', () => {
    const busy = 'const end = Date.now() + 1500; while (Date.now() < end); console.log("done")';
    rnx('job', 'run', '--id', 'busy', '--', process.execPath, '-e', busy);
    const samples = lines(rnx('job', 'metrics', 'busy', '--json').stdout);
    expect(samples.length).toBeGreaterThanOrEqual(2);
    const [{ cpu_usage: cpu }] = lines(rnx('job', 'metrics', 'busy', '--aggregate=max', '--json').stdout).map(
      (line) => JSON.parse(line) as { cpu_usage: number },
    );
    if (process.platform === 'linux') expect(cpu).toBeGreaterThan(0.2);
  });

  it('the command runs to its end while persist is away, and rnx says what was not kept', async () => {
    await persist.stop();
    const run = rnx('job', 'run', '--id', 'alone', '--', 'sh', '-c', 'echo kept nowhere; exit 3');
    expect(run).toMatchObject({ status: 3, stdout: Buffer.from('kept nowhere\n') });
    expect(run.stderr).toMatch(/^job alone\n/);
    expect(run.stderr).toContain('1 line');
    expect(rnx('job', 'list')).toMatchObject({
      status: 4,
      stderr: expect.stringContaining(persist.grpcSocket),
    });
  });

  it('persist may restart under a running job: the job ends as it would, and what comes later is kept', async () => {
    const script = 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo line $i; sleep 0.25; done';
    const job = spawn(process.execPath, [RNX, 'job', 'run', '--id', 'restart', '--', 'sh', '-c', script], {
      env: { ...CHILD_ENV, JOBLET_CONFIG_PATH: persist.config },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const closed = once(job, 'close');
    await once(job.stdout, 'data');
    // What is on its way when persist stops may be lost: version 1 has no acknowledgements. The first line is not.
    const isKept = () => rnx('job', 'log', 'restart').stdout.includes('line 1\n');
    for (let tries = 0; tries < 20 && !isKept(); tries++);
    expect(await persist.stop()).toBe(0);
    await persist.start();
    expect(await closed).toEqual([0, null]);
    const kept = lines(rnx('job', 'log', 'restart').stdout);
    expect(kept.at(0)).toBe('line 1');
    expect(kept.at(-1)).toBe('line 12');
  });
});
