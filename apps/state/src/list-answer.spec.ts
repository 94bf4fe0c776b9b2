import { expect, it } from '@jest/globals';
import { newJob, type StateStore } from '@joblet/state-store';
import { createMemoryStore } from '@joblet/state-store/memory';
import { startTestServer } from './testing/test-server.js';

const RESPONSE_BYTES = 64 * 1024;

/** Jobs of about 1,000 bytes, the later the more recently updated; created in the opposite order. */
async function filled(count: number): Promise<StateStore> {
  const store = createMemoryStore();
  for (let index = 0; index < count; index++) {
    const time = (seconds: number): string => new Date(1.7e12 + seconds * 1_000).toISOString();
    await store.create(
      newJob({
        uuid: `job-${String(index).padStart(4, '0')}`,
        command: 'é'.repeat(400),
        createdAt: time(count - index),
        updatedAt: time(count + index),
      }),
    );
  }
  return store;
}

it('a list that fits is whole', async () => {
  await using test = await startTestServer({ store: await filled(50), responseBytesMax: RESPONSE_BYTES });
  const client = await test.connect();
  const reply = await client.ask({ op: 'list' });
  expect(reply.jobs).toHaveLength(50);
  expect(reply).not.toHaveProperty('truncated');
  expect(reply).not.toHaveProperty('nextCursor');
});

it('one that does not has the jobs updated last, in the order asked for; the cursor goes on, each job once', async () => {
  await using test = await startTestServer({ store: await filled(500), responseBytesMax: RESPONSE_BYTES });
  const client = await test.connect();
  client.write('{"op":"list","requestId":"r"}\n');
  const first = await client.reply();
  expect(first?.truncated).toBe(true);
  const found = first!.jobs!.map(({ uuid }) => String(uuid));
  expect(found).toContain('job-0499');
  expect([...found].sort().reverse()).toEqual(found);
  expect(found.at(-1)).toBe(`job-0${500 - found.length}`);
  expect(Buffer.byteLength(test.answers[0].line)).toBeLessThanOrEqual(RESPONSE_BYTES);
  expect(Buffer.byteLength(test.answers[0].line)).toBeGreaterThan(RESPONSE_BYTES - 4_096);

  for (let cursor = first?.nextCursor; cursor !== undefined;) {
    const reply = await client.ask({ op: 'list', filter: { cursor } });
    found.push(...reply.jobs!.map(({ uuid }) => String(uuid)));
    cursor = reply.nextCursor;
  }
  expect(found).toHaveLength(500);
  expect(new Set(found).size).toBe(500);
  for (const { line } of test.answers) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(RESPONSE_BYTES);
  expect(test.truncated.length).toBeGreaterThan(5);
});

it.each([{ limit: 500 }, { limit: 499 }])(
  'with the limit %o all that was asked for is there',
  async (filter) => {
    await using test = await startTestServer({ store: await filled(500), responseBytesMax: RESPONSE_BYTES });
    const client = await test.connect();
    const reply = await client.ask({ op: 'list', filter });
    expect(reply.jobs).toHaveLength(filter.limit);
    expect(reply).not.toHaveProperty('truncated');
  },
);

it('0 lifts it', async () => {
  await using test = await startTestServer({ store: await filled(500), responseBytesMax: 0 });
  const client = await test.connect();
  expect((await client.ask({ op: 'list' })).jobs).toHaveLength(500);
});

it('a job that is longer than an answer may be comes alone', async () => {
  const store = await filled(3);
  await store.update(newJob({ uuid: 'job-0001', command: 'x'.repeat(RESPONSE_BYTES) }));
  await using test = await startTestServer({ store, responseBytesMax: RESPONSE_BYTES });
  const client = await test.connect();
  const found: unknown[] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined;) {
    const reply = await client.ask({ op: 'list', filter: { cursor } });
    found.push(...reply.jobs!.map(({ uuid }) => uuid));
    cursor = reply.nextCursor;
  }
  expect(found).toEqual(['job-0001', 'job-0002', 'job-0000']);
});
