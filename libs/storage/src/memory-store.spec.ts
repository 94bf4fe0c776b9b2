import { describe, expect, it } from '@jest/globals';
import { logStoreConformance } from './conformance.js';
import { LogBatch } from './index.js';
import { createMemoryStore } from './memory.js';

logStoreConformance({
  test: { describe, it },
  create: async () => ({ store: createMemoryStore(), dispose: async () => undefined }),
  supports: createMemoryStore().supports,
});

describe('createMemoryStore', () => {
  it('has copied what it keeps: a small row does not hold a large batch', async () => {
    const store = createMemoryStore();
    const batch = LogBatch.from([{ jobId: 'a', stream: 1, timestamp: 0n, content: Buffer.from('text') }]);
    await store.writeLogs(batch);
    batch.bytes.fill(0);
    for await (const item of store.readLogs({ jobId: 'a' })) {
      if (item.kind === 'logs') expect(Buffer.from(item.row(0).content).toString()).toBe('text');
    }
    expect.assertions(1);
  });

  it('takes the time of arrival from `now`', async () => {
    let now = 5n;
    const store = createMemoryStore({ now: () => now });
    const row = { jobId: 'a', stream: 1, timestamp: 0n, content: Buffer.from('text') };
    await store.writeLogs(LogBatch.from([row]));
    now = 9n;
    await store.writeLogs(LogBatch.from([{ ...row, jobId: 'b' }]));
    expect(await store.cleanup({ logsBefore: 5n })).toEqual({ jobs: [], logRows: 0n, metricRows: 0n });
    expect(await store.cleanup({ logsBefore: 6n })).toEqual({ jobs: ['a'], logRows: 1n, metricRows: 0n });
    expect(await store.cleanup({ logsBefore: 10n })).toEqual({ jobs: ['b'], logRows: 1n, metricRows: 0n });
  });
});
