import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CHILD_ENV } from './testing/service-process.js';
import { STATE, StateProcess } from './testing/state-process.js';

let state: StateProcess;

beforeEach(async () => {
  state = await StateProcess.create();
});
afterEach(() => state.dispose());

/** Runs it until it ends by itself. */
async function endOf(settings: object, env: NodeJS.ProcessEnv = {}) {
  await state.configure({ ...settings });
  const { status, stdout, stderr } = spawnSync(process.execPath, [STATE, '--config', state.config], {
    encoding: 'utf8',
    env: { ...CHILD_ENV, ...env },
  });
  return { status, output: stdout + stderr };
}

describe('start and end', () => {
  it('the socket is for its owner, or as configured, and gone after SIGTERM', async () => {
    await state.start();
    expect((await stat(state.socket)).mode & 0o777).toBe(0o600);
    expect(await state.stop()).toBe(0);
    await expect(stat(state.socket)).rejects.toMatchObject({ code: 'ENOENT' });
    await state.configure({ socket_mode: '0660' });
    await state.start();
    expect((await stat(state.socket)).mode & 0o777).toBe(0o660);
  });

  it('SIGTERM in the middle of work: what was acknowledged is there afterwards', async () => {
    await state.configure({ backend: 'local' });
    await state.start();
    const client = await state.connect();
    const acknowledged: string[] = [];
    const working = (async () => {
      for (let index = 0; ; index++) {
        await client.write(`${JSON.stringify({ op: 'create', job: { uuid: `job-${index}` } })}\n`);
        const line = await client.line().catch(() => undefined);
        if (line === undefined) return;
        acknowledged.push(`job-${index}`);
      }
    })();
    while (acknowledged.length < 100) await new Promise((resolve) => setImmediate(resolve));
    expect(await state.stop()).toBe(0);
    await working;
    await state.start();
    const { jobs } = await (await state.connect()).ask({ op: 'list' });
    expect(jobs!.map(({ uuid }) => uuid)).toEqual(expect.arrayContaining(acknowledged));
  });

  it('a second one on the same socket, or the same data, is refused and says so', async () => {
    await state.configure({ backend: 'local' });
    await state.start();
    const { status, output } = await endOf({ backend: 'local', socket: join(state.directory, 'other.sock') });
    expect(status).toBe(1);
    expect(output).toMatch(
      /state cannot start: state.backend \\"local\\": it cannot be opened: .*another process/,
    );
    const second = await endOf({ backend: 'memory' });
    expect(second.status).toBe(1);
    expect(second.output).toMatch(/another process is listening there/);
  });

  it.each([
    ['wrong configuration', { backend: 'redis' }, {}, /state.storage.redis.endpoint: found nothing/],
    [
      'a wrong key',
      { backend: 'local' },
      { JOBLET_STATE_KEY: 's3cret' },
      /JOBLET_STATE_KEY: line 1 of the secret keys/,
    ],
    ['no key file', { secret_key_file: './nowhere' }, {}, /state.secret_key_file: ENOENT/],
    ['no module', { backend: './nowhere.js' }, {}, /state.backend \\"\.\/nowhere\.js\\": there is no file/],
    ['a slip', { backend: 'postgers' }, {}, /did you mean postgres\?/],
  ])('%s ends it with 78', async (_name, settings, env, message) => {
    const { status, output } = await endOf(settings, env);
    expect(output).toMatch(message);
    expect(output).not.toMatch('s3cret');
    expect(status).toBe(78);
  });
});

describe('what monitoring sees', () => {
  it('requests by operation and outcome, connections, and health', async () => {
    await state.start();
    const client = await state.connect();
    await client.ask({ op: 'create', job: { uuid: 'a' } });
    await client.ask({ op: 'create', job: { uuid: 'a' } });
    await client.ask({ op: 'get', jobId: 'a' });
    await client.ask({ op: 'frobnicate' });
    expect(await state.metric('state_requests_total{op="create",code="ok"}')).toBe(1);
    expect(await state.metric('state_requests_total{op="create",code="JOB_EXISTS"}')).toBe(1);
    expect(await state.metric('state_requests_total{op="none",code="UNKNOWN_OPERATION"}')).toBe(1);
    expect(await state.metric('state_request_duration_seconds_count{op="get"}')).toBe(1);
    expect(await state.metric('state_connections')).toBe(1);
    expect(await state.metric('state_requests_in_flight')).toBe(0);
    expect(JSON.parse(await state.page('/health'))).toEqual({
      status: 'ok',
      checks: { store: 'ok', details: [], connections: 1 },
    });
  });

  it('answers that were cut', async () => {
    await state.configure({ max_response_size: 10_000 });
    await state.start();
    const client = await state.connect();
    for (let index = 0; index < 100; index++)
      await client.ask({ op: 'create', job: { uuid: `job-${index}`, command: 'x'.repeat(500) } });
    expect(await client.ask({ op: 'list' })).toMatchObject({ truncated: true });
    expect(await state.metric('state_truncated_answers_total')).toBe(1);
    expect(state.log).toMatch('state.max_response_size');
  });
});

describe('a kill', () => {
  it('-9 in the middle of concurrent writes loses nothing acknowledged, and leaves nothing half', async () => {
    await state.configure({ backend: 'local' });
    const acknowledged = new Map<string, number>();
    for (let round = 0; round < 3; round++) {
      await state.start();
      const before = acknowledged.size;
      const clients = await Promise.all(Array.from({ length: 20 }, () => state.connect()));
      const work = clients.map(async (client, number) => {
        try {
          for (let index = 0; ; index++) {
            const uuid = `job-${round}-${number}-${index}`;
            for (const op of ['create', 'update']) {
              const { job } = await client.ask({ op, job: { uuid, status: op, nodeId: 'node-1' } });
              acknowledged.set(uuid, job!.version as number);
            }
          }
        } catch {
          // It was killed.
        }
      });
      while (acknowledged.size < before + 500) await new Promise((resolve) => setImmediate(resolve));
      await state.stop('SIGKILL');
      await Promise.all(work);
    }
    await state.start();
    const client = await state.connect();
    const { jobs } = await client.ask({ op: 'list', filter: { limit: 1_000_000 } });
    const versions = new Map(jobs!.map(({ uuid, version }) => [uuid as string, version as number]));
    for (const [uuid, version] of acknowledged) expect(versions.get(uuid)).toBeGreaterThanOrEqual(version);
    for (const job of jobs!) expect(job.status).toBe(job.version === 1 ? 'create' : 'update');
    const { jobs: ofNode } = await client.ask({ op: 'list', filter: { nodeId: 'node-1', limit: 1_000_000 } });
    expect(ofNode).toHaveLength(jobs!.length);
  }, 60_000);
});

describe('secrets', () => {
  const SECRET = 'hunter2-correct-horse';
  const OTHER = 'tr0ub4dor-and-3';
  const secretsOf = (job: Record<string, unknown> | undefined) => job?.secretEnvironment;

  /** Every byte below the directory, and the log. */
  async function everything(): Promise<Buffer> {
    const entries = await readdir(state.directory, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    const bytes = await Promise.all(files.map((file) => readFile(file)));
    return Buffer.concat([...bytes, Buffer.from(state.log)]);
  }

  /** All that a client can do with secrets, rightly and wrongly. */
  async function use(): Promise<void> {
    const client = await state.connect();
    const job = { uuid: 'with-secrets', secretEnvironment: { TOKEN: SECRET } };
    await client.ask({ op: 'create', job });
    await client.ask({ op: 'create', job });
    await client.ask({ op: 'update', job: { ...job, secretEnvironment: { TOKEN: OTHER } } });
    await client.ask({ op: 'update', job, expectedVersion: 99 });
    await client.ask({
      op: 'create',
      job: { ...job, uuid: 'wrong', secretEnvironment: { TOKEN: [SECRET] } },
    });
    await client.ask({ op: 'create', job: { ...job, uuid: 'wrong', pid: SECRET } });
    await client.ask({ op: SECRET.toLowerCase(), job });
    await client.write(`{"op":"create","job":{"uuid":"half","secretEnvironment":{"TOKEN":"${SECRET}" "\n`);
    await client.line();
    await client.ask({
      op: 'sync',
      jobs: [
        { ...job, nodeId: 'a' },
        { uuid: 'x', nodeId: 'b' },
      ],
    });
    client.close();
  }

  it('are in no log and no file; they come back with the key, also after a restart and a new key', async () => {
    await state.configure({ backend: 'local', secret_key_file: './keys' });
    await writeFile(join(state.directory, 'keys'), `${'ab'.repeat(32)}\n`);
    await state.start();
    await use();
    let client = await state.connect();
    expect(secretsOf((await client.ask({ op: 'get', jobId: 'with-secrets' })).job)).toEqual({ TOKEN: OTHER });
    await state.stop();
    for (const secret of [SECRET, OTHER]) expect((await everything()).includes(secret)).toBe(false);

    await writeFile(join(state.directory, 'keys'), `${'cd'.repeat(32)}\n${'ab'.repeat(32)}\n`);
    await state.start();
    client = await state.connect();
    expect(secretsOf((await client.ask({ op: 'list' })).jobs![0])).toEqual({ TOKEN: OTHER });
    await state.stop();

    await writeFile(join(state.directory, 'keys'), `${'cd'.repeat(32)}\n`);
    await state.start();
    client = await state.connect();
    expect(secretsOf((await client.ask({ op: 'get', jobId: 'with-secrets' })).job)).toBeUndefined();
    expect(await state.metric('state_withheld_secrets')).toBe(1);
    expect((await everything()).includes(OTHER)).toBe(false);
  });

  it('without a key they are left out, with one warning', async () => {
    await state.configure({ backend: 'local' });
    await state.start({ JOBLET_STATE_KEY: '' });
    await use();
    const client = await state.connect();
    expect(secretsOf((await client.ask({ op: 'get', jobId: 'with-secrets' })).job)).toBeUndefined();
    expect(state.log.split('there is no key')).toHaveLength(2);
    await state.stop();
    for (const secret of [SECRET, OTHER]) expect((await everything()).includes(secret)).toBe(false);
  });

  it('in memory they are kept, and in no log', async () => {
    await state.start();
    await use();
    const client = await state.connect();
    expect(secretsOf((await client.ask({ op: 'get', jobId: 'with-secrets' })).job)).toEqual({ TOKEN: OTHER });
    await state.stop();
    for (const secret of [SECRET, OTHER]) expect((await everything()).includes(secret)).toBe(false);
  });

  it('with `plain` they are stored as they are', async () => {
    await state.configure({ backend: 'local', store_secrets: 'plain' });
    await state.start();
    await use();
    await state.stop();
    expect((await everything()).includes(OTHER)).toBe(true);
    expect(state.log).not.toMatch(OTHER);
  });
});

it('a client that goes away in the middle of a request leaves a trace in /metrics only', async () => {
  await state.start();
  const client = await state.connect();
  await client.write('{"op":"create","job":{"uuid":"half');
  client.socket.end();
  await once(client.socket, 'close');
  expect(await state.metric('state_half_requests_total')).toBe(1);
  expect(await (await state.connect()).ask({ op: 'list' })).toMatchObject({ jobs: [] });
});
