import { afterAll, beforeAll, expect, it } from '@jest/globals';
import {
  findDynamoDbLocal,
  findPostgres,
  findRedis,
  startDynamoDbLocal,
  startPostgres,
  startRedis,
  type Server,
} from '@joblet/services';
import { describeWithServer } from '@joblet/services/jest';
import { StateProcess } from './testing/state-process.js';

interface Backend {
  readonly name: string;
  find(): unknown;
  /** The server, and the settings of `state.storage` for it. */
  start(): Promise<{ readonly server: Server; readonly storage: object }>;
}

const BACKENDS: readonly Backend[] = [
  {
    name: 'redis',
    find: findRedis,
    async start() {
      const server = await startRedis();
      return { server, storage: { redis: { endpoint: server.url } } };
    },
  },
  {
    name: 'postgres',
    find: findPostgres,
    async start() {
      const server = await startPostgres();
      return { server, storage: { postgres: { url: server.url } } };
    },
  },
  {
    name: 'dynamodb',
    find: findDynamoDbLocal,
    async start() {
      const server = await startDynamoDbLocal({ inMemory: true });
      const { endpoint, region } = server;
      return { server, storage: { dynamodb: { endpoint, region, create_table: true } } };
    },
  },
];

const ENV = {
  JOBLET_STATE_KEY: 'ab'.repeat(32),
  AWS_ACCESS_KEY_ID: 'any',
  AWS_SECRET_ACCESS_KEY: 'any',
};
const START_TIMEOUT_MS = 120_000;
const JOBS = 100;

for (const { name, find, start } of BACKENDS) {
  describeWithServer(`state on ${name}`, find, () => {
    let server: Server;
    let state: StateProcess;

    beforeAll(async () => {
      const started = await start();
      server = started.server;
      state = await StateProcess.create({ backend: name, storage: started.storage });
    }, START_TIMEOUT_MS);
    afterAll(async () => {
      await state.dispose();
      await server.stop();
    }, START_TIMEOUT_MS);

    it('keeps what it has acknowledged over a kill of the service; fields, secrets and lists are whole', async () => {
      await state.start(ENV);
      const clients = await Promise.all(Array.from({ length: 5 }, () => state.connect()));
      const acknowledged: string[] = [];
      const work = clients.map(async (client, number) => {
        try {
          for (let index = 0; ; index++) {
            const uuid = `job-${number}-${index}`;
            const job = {
              uuid,
              status: 'PENDING',
              nodeId: 'node-1',
              secretEnvironment: { TOKEN: 'hunter2' },
            };
            await client.write(
              `${JSON.stringify({ op: 'create', job }).slice(0, -2)},"big":12345678901234567890}}\n`,
            );
            if (!(await client.line())!.includes('"success":true')) throw new Error('not stored');
            await client.ask({ op: 'update', job: { ...job, status: 'RUNNING' } });
            acknowledged.push(uuid);
          }
        } catch {
          // It was killed.
        }
      });
      while (acknowledged.length < JOBS) await new Promise((resolve) => setImmediate(resolve));
      await state.stop('SIGKILL');
      await Promise.all(work);

      await state.start(ENV);
      const client = await state.connect();
      const { jobs } = await client.ask({
        op: 'list',
        filter: { status: 'RUNNING', nodeId: 'node-1', limit: 10_000 },
      });
      expect(jobs!.map(({ uuid }) => uuid)).toEqual(expect.arrayContaining(acknowledged));
      for (const job of jobs!)
        expect(job).toMatchObject({ secretEnvironment: { TOKEN: 'hunter2' }, version: 2 });
      await client.write(`${JSON.stringify({ op: 'get', jobId: acknowledged[0] })}\n`);
      expect(await client.line()).toContain('"big":12345678901234567890');
      expect(JSON.parse(await state.page('/health'))).toMatchObject({ status: 'ok' });
    }, 60_000);

    it('says so while the server is away', async () => {
      const client = await state.connect();
      await server.stop();
      const request = { op: 'create', job: { uuid: 'while-away' } };
      const answer = await client.ask(request);
      expect(answer).toMatchObject({ success: false, code: 'UNAVAILABLE' });
      expect(JSON.parse(await state.page('/health'))).toMatchObject({ status: 'degraded' });
      expect(await client.ask({ op: 'ping' })).toMatchObject({ success: true });
    }, 60_000);

    it('without the server the service ends with 1, and names the backend', async () => {
      await state.stop();
      await expect(state.start(ENV)).rejects.toThrow(/cannot be opened/);
      expect(await state.ended()).toBe(1);
      expect(state.log).toContain(`state.backend \\"${name}\\"`);
    }, 60_000);
  });
}
