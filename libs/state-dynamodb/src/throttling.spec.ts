import { beforeAll, expect, it } from '@jest/globals';
import { newJob } from '@joblet/state-store';
import { openDynamoDbStateStore } from './index.js';
import { BATCH_WRITE_MAX } from './limits.js';
import { useAnyCredentials } from './testing/credentials.js';
import { describedTable, FakeDynamoDb, type FakeAnswer, type FakeRequest } from './testing/fake-dynamodb.js';

/** Waiting is the SDK's: up to 1, 2, 4 … seconds. */
const TIMEOUT_MS = 60_000;
const SCOPE = { nodeId: undefined, owner: '' };

beforeAll(useAnyCredentials);

type Write = { readonly PutRequest: { readonly Item: { readonly jobId: { readonly S: string } } } };
const writesOf = ({ body }: FakeRequest): Write[] => (body['RequestItems'] as { jobs: Write[] }).jobs;
const idsOf = (writes: readonly Write[]): string[] => writes.map(({ PutRequest }) => PutRequest.Item.jobId.S);

/** A store of a table that answers so. */
async function open(answer: (request: FakeRequest, earlier: number) => FakeAnswer, answerTimeoutMs?: number) {
  const counts = new Map<string, number>();
  const fake = await FakeDynamoDb.start((request) => {
    const { operation } = request;
    const earlier = counts.get(operation) ?? 0;
    counts.set(operation, earlier + 1);
    return describedTable(operation) ?? answer(request, earlier);
  });
  const place = { endpoint: fake.endpoint, region: 'us-east-1', tableName: 'jobs' };
  return { fake, store: await openDynamoDbStateStore({ ...place, answerTimeoutMs }) };
}

it.each(['ProvisionedThroughputExceededException', 'ThrottlingException'])(
  'tries again when DynamoDB answers with %s',
  async (error) => {
    const { fake, store } = await open((_, earlier) => (earlier < 2 ? { error } : {}));
    expect((await store.create(newJob({ uuid: 'job-1' }))).version).toBe(1);
    expect(fake.sent('PutItem')).toHaveLength(3);
    await store.close();
    await fake[Symbol.asyncDispose]();
  },
  TIMEOUT_MS,
);

it(
  'sends what a batch left unprocessed again, and nothing else',
  async () => {
    const stored: string[] = [];
    const { fake, store } = await open((request, earlier) => {
      if (request.operation !== 'BatchWriteItem') return { Responses: {} };
      const writes = writesOf(request);
      // Of the first two batches a part, then all.
      const taken = earlier < 2 ? Math.floor(writes.length / 3) : writes.length;
      stored.push(...idsOf(writes.slice(0, taken)));
      const left = writes.slice(taken);
      return left.length > 0 ? { UnprocessedItems: { jobs: left } } : {};
    });
    const jobs = Array.from({ length: 40 }, (_, index) => newJob({ uuid: `job-${index}` }));
    expect(await store.sync(jobs, SCOPE)).toEqual({ created: 40, updated: 0, unchanged: 0, removed: 0 });
    expect([...stored].sort()).toEqual(jobs.map(({ uuid }) => uuid).sort());
    for (const request of fake.sent('BatchWriteItem'))
      expect(writesOf(request).length).toBeLessThanOrEqual(BATCH_WRITE_MAX);
    await store.close();
    await fake[Symbol.asyncDispose]();
  },
  TIMEOUT_MS,
);

it(
  'reads keys that were left unprocessed again',
  async () => {
    const { fake, store } = await open(({ operation, body }, earlier) => {
      if (operation !== 'BatchGetItem' || earlier > 0) return { Responses: {} };
      return { Responses: {}, UnprocessedKeys: body['RequestItems'] as object };
    });
    await store.sync([newJob({ uuid: 'job-1' })], SCOPE);
    expect(fake.sent('BatchGetItem')).toHaveLength(2);
    await store.close();
    await fake[Symbol.asyncDispose]();
  },
  TIMEOUT_MS,
);

it.each([
  ['AccessDeniedException', 'UNAVAILABLE'],
  ['ResourceNotFoundException', 'UNAVAILABLE'],
  ['ValidationException', 'INTERNAL'],
])('rejects at once when DynamoDB answers with %s', async (error, code) => {
  const { fake, store } = await open(() => ({ error }));
  await expect(store.get('job-1')).rejects.toMatchObject({
    code,
    message: `DynamoDB: reading job job-1: ${error}: faked`,
  });
  expect(fake.sent('GetItem')).toHaveLength(1);
  expect((await store.healthCheck()).ok).toBe(false);
  await store.close();
  await fake[Symbol.asyncDispose]();
});

it(
  'keeps nobody longer than it may who waits for an answer, and sends nothing for whom it has told so',
  async () => {
    const { fake, store } = await open(() => 'silence', 300);
    const expectTooLate = (call: Promise<unknown>) =>
      expect(call).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        message: expect.stringMatching(/^DynamoDB: .*no answer in 300 ms$/),
      });
    const create = (pid: number) => store.create(newJob({ uuid: 'job-1', pid }));
    const sync = () => store.sync([newJob({ uuid: 'job-1' })], SCOPE);
    const calls = [create(1), create(2), create(3), sync(), sync(), store.list()].map(expectTooLate);
    await calls[0];
    const isFirst = Promise.all(calls).then(() => true);
    expect(await Promise.race([isFirst, expectTooLate(store.get('job-2')).then(() => false)])).toBe(true);
    expect(await store.healthCheck()).toMatchObject({ ok: false });
    await store.close();
    const pids = fake.sent('PutItem').map(({ body }) => (body['Item'] as { pid: { N: string } }).pid.N);
    // The second one's turn came in time, if only just.
    expect(pids).toContain('1');
    expect(pids).not.toContain('3');
    expect(fake.sent('BatchGetItem')).toEqual([]);
    await fake[Symbol.asyncDispose]();
  },
  TIMEOUT_MS,
);
