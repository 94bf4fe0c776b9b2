import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { logFrame, metricFrame } from './testing/frames.js';
import { PersistProcess } from './testing/persist-process.js';
import { collect, texts } from './testing/rows.js';
import { until } from './testing/until.js';

const EXAMPLE = fileURLToPath(new URL('../../../examples/custom-backend', import.meta.url));
const DURABLE = 'persist_ipc_messages_durable_total';

let persist: PersistProcess;

beforeEach(async () => {
  persist = await PersistProcess.create();
});
afterEach(() => persist.dispose());

/** A persist on the example's store. */
async function configure(options: object): Promise<void> {
  const base_dir = join(persist.directory, 'data');
  await persist.configure({ storage: { type: EXAMPLE, base_dir, options } });
}

function frames(first: number, count: number): Buffer {
  return Buffer.concat(
    Array.from({ length: count }, (_, index) => logFrame('job', first + index, `line ${first + index}`)),
  );
}

function lines(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `line ${index}`);
}

it('the example, by its folder, gives back what it was given, and what is deleted is gone', async () => {
  await configure({ path: join(persist.directory, 'level') });
  await persist.start();
  const socket = await persist.connect();
  socket.end(Buffer.concat([frames(0, 3_000), metricFrame('job', 0, 0.5), metricFrame('job', 1, 0.75)]));
  await once(socket, 'close');

  const client = persist.client();
  expect(texts(await collect(client.queryLogs({ jobId: 'job' })))).toEqual(lines(3_000));
  expect(texts(await collect(client.queryLogs({ jobId: 'job', filter: 'line 29', tail: 2 })))).toEqual([
    'line 2998',
    'line 2999',
  ]);
  const metrics = await collect(client.queryMetrics({ jobId: 'job' }));
  expect(metrics.map(({ data }) => data?.cpuUsage)).toEqual([0.5, 0.75]);

  await client.deleteJob('job');
  await expect(collect(client.queryLogs({ jobId: 'job' }))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(await persist.stop()).toBe(0);
});

it('nothing that was durable when persist was killed is lost, and what comes later follows it', async () => {
  await configure({ path: join(persist.directory, 'level') });
  await persist.start();
  let sent = 0;
  let durable = 0;
  for (let round = 1; round <= 2; round++) {
    const socket = await persist.connect();
    const count = 10_000;
    socket.write(frames(sent, count));
    await until(async () => {
      durable = await persist.metric(DURABLE);
      return durable > 0;
    });
    await persist.stop('SIGKILL');

    await persist.start();
    const rows = texts(await collect(persist.client().queryLogs({ jobId: 'job' })));
    expect(rows.length - sent).toBeGreaterThanOrEqual(durable);
    expect(rows).toEqual(lines(rows.length));
    sent = rows.length;
  }
});

it('a mistake in its options ends persist with 78 and names the option', async () => {
  await configure({ path: 'level', pth: 'level' });
  await persist.start().catch(() => undefined);
  expect(await persist.ended()).toBe(78);
  expect(persist.log).toContain('it cannot be opened: option pth is not known, expected only path');
});
