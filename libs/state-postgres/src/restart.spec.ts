import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { findPostgres, LossyProxy, startPostgres, type PostgresServer } from '@joblet/services';
import { describeWithServer } from '@joblet/services/jest';
import { newJob, type StateStore } from '@joblet/state-store';
import { openPostgresStateStore } from './index.js';
import { withNewSchema } from './testing/schemas.js';

const TIMEOUT_MS = 120_000;
const job = (pid: number) => newJob({ uuid: 'job-1', status: 'RUNNING', pid });

describeWithServer('a server that goes', findPostgres, () => {
  let server: PostgresServer;
  let url: string;
  beforeAll(async () => void (server = await startPostgres()), TIMEOUT_MS);
  afterAll(() => server.stop(), TIMEOUT_MS);
  beforeEach(async () => void (url = await withNewSchema(server.url)));

  it(
    'and comes back: the next calls work, though all connections are gone',
    async () => {
      await using store = await openPostgresStateStore({ url });
      await Promise.all(Array.from({ length: 20 }, (_, pid) => store.create(newJob({ uuid: `job-${pid}` }))));
      await server.restart();
      expect((await store.update(newJob({ uuid: 'job-7', pid: 7 }))).version).toBe(2);
      expect((await store.list()).jobs).toHaveLength(20);
    },
    TIMEOUT_MS,
  );

  it(
    'is UNAVAILABLE meanwhile, and healthCheck says so',
    async () => {
      await using store = await openPostgresStateStore({ url });
      await server.kill();
      await expect(store.get('job-1')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      await expect(store.create(job(1))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      await expect(openPostgresStateStore({ url })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      expect(await store.healthCheck()).toMatchObject({ ok: false });
      await server.restart();
      expect(await store.healthCheck()).toEqual({ ok: true, details: [] });
    },
    TIMEOUT_MS,
  );

  it(
    'and one that hangs keeps nobody longer than it may, nor who waits for changes of the same job, or for a connection',
    async () => {
      await using store = await openPostgresStateStore({ url, connectionsMax: 2, answerTimeoutMs: 300 });
      const expectTooLate = (call: Promise<unknown>) =>
        expect(call).rejects.toMatchObject({
          code: 'UNAVAILABLE',
          message: expect.stringMatching(/no answer in 300 ms|timeout/),
        });
      await store.create(job(0));
      await server.pause();
      const calls = [1, 2, 3, 4, 5].flatMap((pid) => [store.update(job(pid)), store.list()]);
      const tooLate = calls.map(expectTooLate);
      await tooLate[0];
      const isFirst = Promise.all(tooLate).then(() => true);
      expect(await Promise.race([isFirst, expectTooLate(store.get('b')).then(() => false)])).toBe(true);
      expect(await store.healthCheck()).toMatchObject({ ok: false });
      server.resume();
    },
    TIMEOUT_MS,
  );

  describe('before its answer arrives', () => {
    let proxy: LossyProxy;
    let store: StateStore;
    beforeEach(async () => {
      proxy = await LossyProxy.start(server.port);
      const address = new URL(url);
      address.port = String(proxy.port);
      store = await openPostgresStateStore({ url: address.href });
    });
    afterEach(async () => {
      await store.close();
      await proxy[Symbol.asyncDispose]();
    });

    const loseAnswerTo = (statement: string): void =>
      proxy.loseAnswerTo((request) => request.includes(statement));

    it('a create that was made is made once', async () => {
      loseAnswerTo('INSERT INTO joblet_jobs');
      expect((await store.create(job(1))).version).toBe(1);
      await expect(store.create(job(2))).rejects.toMatchObject({ code: 'JOB_EXISTS' });
      expect(proxy.losses).toBe(1);
    });

    it('an update that was made is made once', async () => {
      await store.create(job(1));
      loseAnswerTo('UPDATE joblet_jobs');
      expect((await store.update(job(2), { expectedVersion: 1 })).version).toBe(2);
      expect(JSON.parse((await store.get('job-1')).json)).toMatchObject({ pid: 2, version: 2 });
      expect(proxy.losses).toBe(1);
    });

    it('a delete that was made is one', async () => {
      await store.create(job(1));
      loseAnswerTo('UPDATE joblet_jobs');
      await store.delete('job-1');
      await expect(store.delete('job-1')).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
      expect(proxy.losses).toBe(1);
    });

    it('a list is read again', async () => {
      await store.create(job(1));
      loseAnswerTo('SELECT document');
      expect((await store.list()).jobs).toHaveLength(1);
      expect(proxy.losses).toBe(1);
    });

    it('a sync whose commit was not sent yet is made again', async () => {
      await store.create(job(1));
      const scope = { nodeId: 'node-1', owner: '' };
      for (const statement of ['BEGIN', 'FOR UPDATE', 'UPDATE joblet_jobs']) {
        const losses = proxy.losses;
        loseAnswerTo(statement);
        const counts = await store.sync([newJob({ uuid: 'job-1', note: statement })], scope);
        expect(counts).toEqual({ created: 0, updated: 1, unchanged: 0, removed: 0 });
        expect(proxy.losses).toBe(losses + 1);
      }
    });

    it('a sync whose commit was sent is UNAVAILABLE: whether it was made, nobody knows', async () => {
      await store.create(job(1));
      loseAnswerTo('COMMIT');
      const scope = { nodeId: 'node-1', owner: '' };
      await expect(store.sync([job(2)], scope)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      expect(await store.sync([job(2)], scope)).toMatchObject({ created: 0, removed: 0 });
      expect(JSON.parse((await store.get('job-1')).json)).toMatchObject({ pid: 2, version: 2 });
    });
  });
});
