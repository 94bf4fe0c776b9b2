import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Server } from '@joblet/services';
import { describeWithServer } from '@joblet/services/jest';
import { REMOTE_BACKENDS, REMOTE_ENV } from './testing/remote-backends.js';
import { StateProcess } from './testing/state-process.js';
import { until } from './testing/until.js';
import { WrittenJobs } from './testing/written-jobs.js';

const START_TIMEOUT_MS = 120_000;
const JOBS = 100;

for (const { name, find, start } of REMOTE_BACKENDS) {
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
      await state.start(REMOTE_ENV);
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

      await state.start(REMOTE_ENV);
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

    it('goes on when its server was killed in the middle of writes: nothing acknowledged is lost, nothing is half', async () => {
      const clients = await Promise.all(Array.from({ length: 20 }, () => state.connect()));
      const written = new WrittenJobs();
      const isOver = { over: false };
      const work = clients.map((client, number) => written.write(client, `kill-${number}`, isOver));
      await written.until(() => written.acknowledged >= JOBS);
      await server.kill();
      await written.until(() => written.refused >= clients.length);
      await server.restart();
      const before = written.acknowledged;
      await written.until(() => written.acknowledged >= before + JOBS);
      isOver.over = true;
      await Promise.all(work);
      const client = await state.connect();
      const { jobs } = await client.ask({ op: 'list', filter: { nodeId: 'killed', limit: 1_000_000 } });
      written.expectAllIn(jobs!);
      for (const { uuid } of jobs!.slice(0, JOBS))
        expect((await client.ask({ op: 'get', jobId: uuid })).job).toEqual(
          jobs!.find((job) => job.uuid === uuid),
        );
    }, 120_000);

    it('is answered in time, and says so, while the server hangs; then it goes on', async () => {
      await server.pause();
      const clients = await Promise.all(Array.from({ length: 15 }, () => state.connect()));
      const job = { uuid: 'hanging', nodeId: 'node-2' };
      const requests = [
        { op: 'create', job },
        { op: 'update', job },
        { op: 'get', jobId: 'hanging' },
        { op: 'list', filter: { limit: 1 } },
        { op: 'delete', jobId: 'hanging' },
      ];
      const answers = clients.map((client, index) => client.ask(requests[index % requests.length]));
      for (const answer of await Promise.all(answers)) {
        expect(answer).toMatchObject({ success: false, code: 'UNAVAILABLE' });
        expect(answer.error).toMatch(/no answer in 4000 ms|timeout exceeded/);
      }
      server.resume();
      const create = () => clients[0].ask({ op: 'create', job: { uuid: 'after-it-hung' } });
      await until(async () => ['ok', 'JOB_EXISTS'].includes((await create()).code ?? 'ok'));
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
      await expect(state.start(REMOTE_ENV)).rejects.toThrow(/cannot be opened/);
      expect(await state.ended()).toBe(1);
      expect(state.log).toContain(`state.backend \\"${name}\\"`);
    }, 60_000);
  });
}
