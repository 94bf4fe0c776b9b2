import assert from 'node:assert/strict';
import { LogBatch } from '../log-batch.js';
import type { LogStore, WriteSource } from '../log-store.js';
import { MetricBatch } from '../metric-batch.js';
import type { ConformanceCase, Theme } from './case.js';
import { having } from './having.js';
import { readMetrics, readTexts } from './read.js';
import { rejects } from './rejects.js';
import { JOB, line, sample } from './rows.js';

function source(frame: bigint, epoch = 1n, producer = 'producer-1'): WriteSource {
  return { producer, epoch, frame };
}

/** One row for each job, with this text. */
function write(store: LogStore, text: string, from?: WriteSource, jobIds = [JOB]): Promise<void> {
  const batch = LogBatch.from(jobIds.map((jobId) => line(text, { jobId })));
  return store.writeLogs(batch, from && { source: from });
}

async function sameSources(store: LogStore, expected: readonly WriteSource[]): Promise<void> {
  const found = await having(store, 'idempotentWrites').durableSources();
  const byProducer = (a: WriteSource, b: WriteSource) => (a.producer < b.producer ? -1 : 1);
  assert.deepEqual(found.map((one) => ({ ...one })).sort(byProducer), [...expected].sort(byProducer));
}

const resent: ConformanceCase = {
  name: 'a batch that is sent again is not stored again, of whatever job its rows are',
  needs: ['idempotentWrites'],
  async run(subject) {
    await write(subject.store, 'one', source(1n), ['a', 'b']);
    await write(subject.store, 'two', source(2n), ['b', 'c']);
    await write(subject.store, 'again', source(2n), ['b', 'c', 'd']);
    await write(subject.store, 'again', source(1n), ['a', 'b']);
    await write(subject.store, 'five', source(5n), ['a']);
    await write(subject.store, 'again', source(3n), ['a']);
    await subject.check(async (store) => {
      assert.deepEqual(await readTexts(store, { jobId: 'a' }), ['one', 'five']);
      assert.deepEqual(await readTexts(store, { jobId: 'b' }), ['one', 'two']);
      assert.deepEqual(await readTexts(store, { jobId: 'c' }), ['two']);
      await rejects('JOB_NOT_FOUND', () => readTexts(store, { jobId: 'd' }));
      await sameSources(store, [source(5n)]);
    });
    await write(subject.store, 'again', source(5n), ['a']);
    await write(subject.store, 'six', source(6n), ['a']);
    await subject.check(async (store) =>
      assert.deepEqual(await readTexts(store, { jobId: 'a' }), ['one', 'five', 'six']),
    );
  },
};

const atATime: ConformanceCase = {
  name: 'a batch that is sent again while it is still being written is stored once',
  needs: ['idempotentWrites'],
  async run(subject) {
    await Promise.all(
      [1n, 1n, 2n, 1n, 2n, 3n].map((frame) => write(subject.store, `frame ${frame}`, source(frame))),
    );
    await subject.check(async (store) =>
      assert.deepEqual(await readTexts(store), ['frame 1', 'frame 2', 'frame 3']),
    );
  },
};

const bothKinds: ConformanceCase = {
  name: 'logs and metrics share the numbers of a producer',
  needs: ['idempotentWrites'],
  async run(subject) {
    const writeSample = (frame: bigint) =>
      subject.store.writeMetrics(MetricBatch.from([sample({ sequence: frame })]), { source: source(frame) });
    await write(subject.store, 'one', source(1n));
    await writeSample(2n);
    await write(subject.store, 'three', source(3n));
    await writeSample(2n);
    await writeSample(4n);
    await write(subject.store, 'again', source(4n));
    await subject.check(async (store) => {
      assert.deepEqual(await readTexts(store), ['one', 'three']);
      assert.deepEqual(
        (await readMetrics(store)).map(({ sequence }) => sequence),
        [2n, 4n],
      );
      await sameSources(store, [source(4n)]);
    });
  },
};

const epochs: ConformanceCase = {
  name: 'a higher epoch starts its frames anew, a lower one is not stored any more',
  needs: ['idempotentWrites'],
  async run(subject) {
    await write(subject.store, 'epoch 1', source(90n, 1n));
    await write(subject.store, 'epoch 2', source(0n, 2n));
    await write(subject.store, 'again', source(91n, 1n));
    await subject.check(async (store) => {
      assert.deepEqual(await readTexts(store), ['epoch 1', 'epoch 2']);
      await sameSources(store, [source(0n, 2n)]);
    });
    const large = 2n ** 53n;
    await write(subject.store, 'large', source(large, large + 1n));
    await write(subject.store, 'again', source(large + 9n, large));
    await write(subject.store, 'larger', source(large + 1n, large + 1n));
    await subject.check(async (store) => {
      assert.deepEqual(await readTexts(store), ['epoch 1', 'epoch 2', 'large', 'larger']);
      await sameSources(store, [source(large + 1n, large + 1n)]);
    });
  },
};

const producers: ConformanceCase = {
  name: 'producers do not know each other; what has no source is always stored',
  needs: ['idempotentWrites'],
  async run(subject) {
    await write(subject.store, 'of one', source(7n));
    await write(subject.store, 'of two', source(7n, 1n, 'producer-2'));
    await write(subject.store, 'of none');
    await write(subject.store, 'of none');
    await subject.check(async (store) => {
      assert.deepEqual(await readTexts(store), ['of one', 'of two', 'of none', 'of none']);
      await sameSources(store, [source(7n), source(7n, 1n, 'producer-2')]);
    });
  },
};

const afterDeletion: ConformanceCase = {
  name: 'what was deleted does not come back when it is sent again',
  needs: ['idempotentWrites'],
  async run(subject) {
    await write(subject.store, 'one', source(1n));
    await subject.store.deleteJob(JOB);
    await write(subject.store, 'one', source(1n));
    await subject.check(async (store) => {
      await rejects('JOB_NOT_FOUND', () => readTexts(store));
      await sameSources(store, [source(1n)]);
    });
  },
};

export const idempotentWrites: Theme = {
  name: 'idempotent writes',
  cases: [resent, atATime, bothKinds, epochs, producers, afterDeletion],
};
