import { expect, it } from '@jest/globals';
import { LogBatch } from '@joblet/storage';
import type { BuiltBlock } from '../block/block-builder.js';
import { newArea, NO_FACTS } from './job-table.js';
import { RowMemory } from './row-memory.js';
import { Sealer, type SealerContext } from './sealer.js';

it('keeps the rows of an area busy while any of them are looked at, also when a block before cannot be written', async () => {
  const memory = new RowMemory(1_000, 100_000);
  const area = newArea('logs', { facts: NO_FACTS });
  const job = { jobId: 'j', logs: area, metrics: undefined, end: undefined };
  const rows = Array.from({ length: 100 }, (_, row) => ({
    jobId: 'j',
    stream: 1,
    timestamp: BigInt(row),
    sequence: BigInt(row),
    content: Buffer.alloc(100, 'x'),
  }));
  const { bytes, table } = LogBatch.from(rows);
  memory.add(area, { bytes, table }, rows.length, 0n, 0n);
  const held = memory.held;
  const waiting: (() => void)[] = [];
  let builds = 0;
  const parked: unknown[] = [];
  const context = {
    memory,
    table: { pending: new Map([[area, { job, name: 'logs' }]]), layout: { path: () => '/nowhere' } },
    files: { append: () => Promise.reject(new Error('the disk fails')) },
    know: async () => area,
    cleared: async () => undefined,
    fileFor: async (_job: unknown, _name: unknown, _area: unknown, file: unknown) => file,
    options: {
      now: () => 0,
      onEvent: (event: unknown) => parked.push(event),
      compression: { logs: true, metrics: true },
      rotation: {},
      blockBytes: 1_000,
      builder: {
        build: () => {
          const block = { stream: 1, member: new Uint8Array(1), textBytes: 1_000, summary: {} };
          // What is built ahead, while the first are appended, takes longer.
          if (builds++ < 8) return Promise.resolve([block as unknown as BuiltBlock]);
          return new Promise((resolve) => waiting.push(() => resolve([])));
        },
      },
    },
  };
  const sealer = new Sealer(context as unknown as SealerContext);
  sealer.seal(job, 'logs', area, true);
  const { busy } = area;
  while (waiting.length === 0) await new Promise((resolve) => setImmediate(resolve));
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(area.busy).toBe(busy);
  for (const finish of waiting) finish();
  await busy;
  expect(area.busy).toBeUndefined();
  expect(parked).toMatchObject([{ type: 'job-parked', jobId: 'j' }]);
  expect(memory.held).toBe(held);
});
