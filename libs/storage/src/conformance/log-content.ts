import assert from 'node:assert/strict';
import { encodeLogLine } from '@joblet/wire';
import { LogBatch, LogBatchBuilder, type NewLogRow } from '../log-batch.js';
import { MetricBatch } from '../metric-batch.js';
import type { ConformanceCase, Theme } from './case.js';
import { readLogs } from './read.js';
import { rejects } from './rejects.js';
import { JOB, line, sample, TIME, writeLogs } from './rows.js';
import { sameLogs } from './same-rows.js';

const TEXTS = [
  ' leading and trailing blanks \t ',
  '\n',
  '\r\n',
  'first\nsecond\r\nthird\n\n',
  '\ufeffbyte order mark',
  '"quotes" \'single\' `back` \\ back\\slash \\n \\u0041 \\',
  Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).join('') + '\x7f\x80\x9f',
  'line separator \u2028 paragraph separator \u2029 next line \u0085',
  'astral: 😀 𝒳, joined: 👩‍👩‍👧, reversed: \u202eabc\u202c',
  'composed é is not decomposed e\u0301; ﬁ is not fi; ſ is not s',
  '<script>&amp;</script> %00 %s ${x} {{x}} $1',
  '{"job_id":"other","stream":2,"timestamp":1,"content":"aGVsbG8="}',
  'aGVsbG8=',
  'null',
  '0',
];

const NOT_UTF8 = [
  [0x80],
  [0xff, 0xfe],
  [0xc0, 0x80],
  [0xed, 0xa0, 0x80],
  [0xf0, 0x9f, 0x98],
  [0xf8, 0x88, 0x80, 0x80, 0x80],
  [0x61, 0xc3, 0x28, 0x62],
  [0xef, 0xbf, 0xbd, 0xff],
].map((bytes) => Uint8Array.from(bytes));

/** A case that writes rows of one job, one batch for all, and reads them back the same. */
function comesBack(name: string, rows: () => NewLogRow[]): ConformanceCase {
  return {
    name,
    async run(subject) {
      const written = rows();
      await writeLogs(subject.store, written);
      await subject.check(async (store) => sameLogs(await readLogs(store), written));
    },
  };
}

const overridden: ConformanceCase = {
  name: 'the job id and the time of the row table override those in the bytes',
  async run(subject) {
    const inside = { jobId: 'inside', stream: 2, timestamp: 1n, sequence: 7n, content: Buffer.from('x') };
    const bytes = encodeLogLine(inside);
    const builder = new LogBatchBuilder();
    builder.add({ jobId: JOB, timestamp: TIME }, bytes, 0, bytes.length);
    await subject.store.writeLogs(builder.build());
    await subject.check(async (store) => {
      sameLogs(await readLogs(store), [{ ...inside, jobId: JOB, timestamp: TIME }]);
      sameLogs(await readLogs(store, { startTime: TIME, endTime: TIME, stream: 2 }), [
        { ...inside, jobId: JOB, timestamp: TIME },
      ]);
      await rejects('JOB_NOT_FOUND', () => readLogs(store, { jobId: 'inside' }), 'the job id inside');
    });
  },
};

const leftAlone: ConformanceCase = {
  name: 'a batch that is written is left as it was: its caller may write it again',
  async run({ store }) {
    const logs = LogBatch.from([line('first'), line('second')]);
    const metrics = MetricBatch.from([sample()]);
    for (const [name, batch, write] of [
      ['writeLogs', logs, () => store.writeLogs(logs)],
      ['writeMetrics', metrics, () => store.writeMetrics(metrics)],
    ] as const) {
      const before = Buffer.from(batch.bytes).toString('hex');
      await write();
      assert.equal(
        Buffer.from(batch.bytes).toString('hex'),
        before,
        `${name} has changed batch.bytes, which is shared`,
      );
    }
  },
};

export const logContent: Theme = {
  name: 'content of log rows',
  cases: [
    leftAlone,
    comesBack('each of the 256 byte values, alone and all together', () => {
      const all = Uint8Array.from({ length: 256 }, (_, value) => value);
      return [...Array.from(all, (value) => line(Uint8Array.of(value))), line(all)];
    }),
    comesBack('bytes that are not UTF-8', () => NOT_UTF8.map((bytes) => line(bytes))),
    comesBack('NUL bytes and empty contents', () =>
      ['', '\0', '', '\0\0\0', 'a\0b', ''].map((content, index) =>
        line(content, { stream: 1 + (index % 2) }),
      ),
    ),
    comesBack('text as it is: blanks, line ends, quotes, control characters, any script', () =>
      TEXTS.map((text) => line(text)),
    ),
    comesBack('rows that equal each other in everything', () =>
      Array.from({ length: 5 }, () => line('again')),
    ),
    comesBack('times as given: 0, negative, beyond 2^53, up to the ends of int64', () =>
      [0n, -1n, 1n, 2n ** 53n + 1n, TIME, 2n ** 62n + 1n, 2n ** 63n - 2n, 2n ** 63n - 1n, -(2n ** 63n)].map(
        (timestamp) => line('at', { timestamp }),
      ),
    ),
    comesBack('sequences up to 2^64-1, in any order', () =>
      [5n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n, 0n, 0n].map((sequence) => line('nth', { sequence })),
    ),
    comesBack('unknown stream numbers, which are kept', () =>
      [1, 2, 0, 3, 64, 255, 256, 2 ** 31 - 1, -1, -(2 ** 31)].map((stream) =>
        line(`of ${stream}`, { stream }),
      ),
    ),
    {
      name: 'unknown stream numbers count as stdout',
      async run(subject) {
        const streams = [2, 0, 1, 3, -1, 2];
        await writeLogs(
          subject.store,
          streams.map((stream) => line('x', { stream })),
        );
        await subject.check(async (store) => {
          const ordinals = async (stream: number) =>
            (await readLogs(store, { stream })).map(({ ordinal }) => ordinal);
          assert.deepEqual(await ordinals(1), [1n, 2n, 3n, 4n]);
          assert.deepEqual(await ordinals(2), [0n, 5n]);
          assert.deepEqual(await ordinals(0), [0n, 1n, 2n, 3n, 4n, 5n]);
        });
      },
    },
    overridden,
    {
      name: 'an empty batch is stored without a trace',
      async run(subject) {
        await writeLogs(subject.store, []);
        await writeLogs(subject.store, [line('one')]);
        await writeLogs(subject.store, []);
        await subject.check(async (store) => sameLogs(await readLogs(store), [line('one')]));
      },
    },
  ],
};
