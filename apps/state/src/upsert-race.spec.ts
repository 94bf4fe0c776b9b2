import { expect, it } from '@jest/globals';
import { startTestServer } from './testing/test-server.js';
import type { Reply } from './testing/test-client.js';

const JOBS = 10_000;
/** As many as the daemon's pool has; a create and its update go over different ones. */
const CONNECTIONS = 20;

const JOB = { Name: 'n', Command: 'c', NodeId: 'node-1', StartTime: '2025-11-20T00:00:00Z' };

/** What a daemon sees of a job; its version and times may differ. */
function fieldsOf(job: Record<string, unknown> | undefined): object {
  const { uuid, name, command, nodeId, status, startTime, createdAt } = job ?? {};
  return { uuid, name, command, nodeId, status, startTime, createdAt };
}

it(`a create and an update that overtake each other give the same job, ${JOBS} times in either order`, async () => {
  await using test = await startTestServer();
  const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => test.connect()));
  const play = async (index: number): Promise<void> => {
    const uuid = `job-${index}`;
    const [one, other] = [clients[index % CONNECTIONS], clients[(index + 1) % CONNECTIONS]];
    const create = { op: 'create', job: { Uuid: uuid, Status: 'PENDING', ...JOB } };
    const update = { op: 'update', job: { Uuid: uuid, Status: 'RUNNING', ...JOB } };
    const replies: Reply[] =
      index % 2 === 0
        ? [await one.ask(create), await other.ask(update)]
        : [await other.ask(update), await one.ask(create)];
    expect(replies.map(({ success }) => success)).toEqual([true, true]);
    const { job } = await one.ask({ op: 'get', jobId: uuid });
    expect(fieldsOf(job)).toEqual({
      uuid,
      name: 'n',
      command: 'c',
      nodeId: 'node-1',
      status: 'RUNNING',
      startTime: '2025-11-20T00:00:00Z',
      createdAt: '2025-11-20T00:00:00Z',
    });
    expect(await one.ask(create)).toMatchObject({ error: 'CREATE_ERROR: job already exists' });
  };
  for (let index = 0; index < JOBS * 2; index++) await play(index);
  const { jobs } = await clients[0].ask({ op: 'list', filter: { limit: JOBS * 3 } });
  expect(jobs).toHaveLength(JOBS * 2);
}, 120_000);

it('sent at the same moment over two connections, whichever arrives first', async () => {
  await using test = await startTestServer();
  const [one, other] = [await test.connect(), await test.connect()];
  for (let index = 0; index < 2_000; index++) {
    const uuid = `job-${index}`;
    const replies = await Promise.all([
      one.ask({ op: 'create', job: { Uuid: uuid, Status: 'PENDING', ...JOB } }),
      other.ask({ op: 'update', job: { Uuid: uuid, Status: 'RUNNING', ...JOB } }),
    ]);
    expect(replies.map(({ success }) => success)).toEqual([true, true]);
    expect((await one.ask({ op: 'get', jobId: uuid })).job).toMatchObject({ status: 'RUNNING' });
  }
});

it('without upserts an update of an unknown job fails; after a delete it fails for a minute either way', async () => {
  await using strict = await startTestServer({ upsertUpdates: false });
  const client = await strict.connect();
  const update = { op: 'update', job: { uuid: 'x', status: 'RUNNING' } };
  expect(await client.ask(update)).toMatchObject({ error: 'UPDATE_ERROR: job not found' });

  await using test = await startTestServer();
  const other = await test.connect();
  await other.ask({ op: 'create', job: { uuid: 'x' } });
  await other.ask({ op: 'delete', jobId: 'x' });
  expect(await other.ask(update)).toMatchObject({ error: 'UPDATE_ERROR: job not found' });
  expect(await other.ask({ op: 'create', job: { uuid: 'x' } })).toMatchObject({ success: true });
});
