import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { LogBatch } from '@joblet/storage';
import { openEngineStore, type LocalStoreEvent } from '../local-store.js';
import { collect, tempDirectory } from '../testing/temp-store.js';

let directory: Awaited<ReturnType<typeof tempDirectory>>;

beforeEach(async () => {
  directory = await tempDirectory();
});

afterEach(() => directory.remove());

it('puts what cannot be sealed while the store is closed into a run: a start reads no rows', async () => {
  const events: LocalStoreEvent[] = [];
  const onEvent = (event: LocalStoreEvent) => events.push(event);
  const options = { baseDirectory: directory.path, reserveBytes: 0, onEvent };
  const rows = (jobId: string) =>
    Array.from({ length: 10 }, (_, row) => ({
      jobId,
      stream: 1,
      timestamp: BigInt(row),
      sequence: BigInt(row),
      content: Buffer.from(`${jobId} ${row}`),
    }));
  const first = await openEngineStore(options);
  await mkdir(join(directory.path, 'logs'), { recursive: true });
  await writeFile(join(directory.path, 'logs', 'blocked'), 'no folder can be made here');
  await first.store.writeLogs(LogBatch.from([...rows('blocked'), ...rows('free')]));
  await first.store.close();
  expect(events).toContainEqual(expect.objectContaining({ type: 'job-parked', jobId: 'blocked' }));
  expect(events).toContainEqual({ type: 'rows-left', jobs: 1, rows: 10 });
  expect(await readdir(join(directory.path, '.joblet', 'runs'))).toEqual(['1.run']);
  await rm(join(directory.path, 'logs', 'blocked'));
  events.length = 0;
  const second = await openEngineStore(options);
  expect(events).toEqual([]);
  for (const jobId of ['blocked', 'free']) {
    const found = await collect(second.store.readLogs({ jobId }));
    expect(found.rows.map(({ content }) => Buffer.from(content).toString())).toEqual(
      rows(jobId).map(({ content }) => content.toString()),
    );
    expect(found.gaps).toEqual([]);
  }
  await second.store.close();
});
