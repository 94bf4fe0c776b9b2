import { decodeLogLine, decodeMetric, type MetricData } from '@joblet/wire';
import { LogBatch } from '../../log-batch.js';
import { MetricBatch } from '../../metric-batch.js';
import { StorageError } from '../../storage-error.js';
import { textOf } from '../read.js';
import {
  altered,
  giving,
  storing,
  storingMetrics,
  themed,
  type BrokenStore,
  type Mistake,
} from './broken-store.fixture.js';

const NO_DISK = { readBytes: 0n, writeBytes: 0n, readOps: 0n, writeOps: 0n };
const EMPTY: MetricData = { cpuUsage: 0, memoryUsage: 0n, gpuUsage: 0 };
const OVERRIDE = 'the job id and the time of the row table override those in the bytes';
const TIMES = 'times as given: 0, negative, beyond 2^53, up to the ends of int64';
const SEQUENCES = 'sequences up to 2^64-1, in any order';
const TEXT = 'text as it is: blanks, line ends, quotes, control characters, any script';

/** Stores the data of a metric with another value for each double. */
function doubles(change: (value: number) => number) {
  return storingMetrics((row) => {
    const { data } = row;
    if (data === undefined) return row;
    return { ...row, data: { ...data, cpuUsage: change(data.cpuUsage), gpuUsage: change(data.gpuUsage) } };
  });
}

function text(change: (text: string) => string) {
  return storing((row) => ({ ...row, content: Buffer.from(change(textOf(row.content))) }));
}

const logs: Mistake[] = [
  {
    mistake: 'wipes the batch when it has stored it',
    fails: ['a batch that is written is left as it was: its caller may write it again'],
    create: altered((right) => ({
      writeLogs: async (batch, options) => {
        await right.writeLogs(LogBatch.from([...batch]), options);
        batch.bytes.fill(0);
      },
    })),
  },
  {
    mistake: 'keeps the content as text',
    fails: ['bytes that are not UTF-8', 'each of the 256 byte values, alone and all together'],
    create: text((content) => content),
  },
  { mistake: 'trims the content', fails: [TEXT], create: text((content) => content.trim()) },
  {
    mistake: 'drops a byte order mark',
    fails: [TEXT],
    create: text((content) => content.replace(/^\ufeff/, '')),
  },
  { mistake: 'normalises the content', fails: [TEXT], create: text((content) => content.normalize('NFC')) },
  {
    mistake: 'drops empty rows',
    fails: ['NUL bytes and empty contents'],
    create: storing((row) => (row.content.length > 0 ? row : undefined)),
  },
  {
    mistake: 'ends the content at a NUL',
    fails: ['NUL bytes and empty contents'],
    create: text((content) => content.split('\0')[0]),
  },
  {
    mistake: 'drops a row that equals the one before',
    fails: ['rows that equal each other in everything'],
    create: altered((right) => ({
      writeLogs: (batch, options) =>
        right.writeLogs(
          LogBatch.from(
            [...batch].filter(
              (row, index, all) => index === 0 || !Buffer.from(row.content).equals(all[index - 1].content),
            ),
          ),
          options,
        ),
    })),
  },
  {
    mistake: 'keeps times as doubles',
    fails: [TIMES],
    create: storing((row) => ({ ...row, timestamp: BigInt.asIntN(64, BigInt(Number(row.timestamp))) })),
  },
  {
    mistake: 'keeps times without a sign',
    fails: [TIMES],
    create: storing((row) => ({ ...row, timestamp: row.timestamp < 0n ? 0n : row.timestamp })),
  },
  {
    mistake: 'keeps sequences as doubles',
    fails: [SEQUENCES],
    create: storing((row) => ({ ...row, sequence: BigInt.asUintN(64, BigInt(Number(row.sequence))) })),
  },
  {
    mistake: 'makes unknown streams stdout',
    fails: ['unknown stream numbers, which are kept'],
    create: storing((row) => ({ ...row, stream: row.stream === 2 ? 2 : 1 })),
  },
  {
    mistake: 'counts unknown streams as neither',
    fails: ['unknown stream numbers count as stdout'],
    create: giving((rows, { stream }) => rows.filter((row) => !stream || row.stream === stream)),
  },
  {
    mistake: 'takes job id and time from the bytes of a row',
    fails: [OVERRIDE],
    create: altered((right) => ({
      writeLogs: (batch, options) =>
        right.writeLogs(
          LogBatch.from(
            [...batch].map((_, row) => decodeLogLine(batch.bytes, batch.start(row), batch.end(row))),
          ),
          options,
        ),
    })),
  },
  {
    mistake: 'takes the time from the bytes of a row',
    fails: [OVERRIDE],
    create: altered((right) => ({
      writeLogs: (batch, options) =>
        right.writeLogs(
          LogBatch.from(
            [...batch].map((row, index) => {
              const { timestamp } = decodeLogLine(batch.bytes, batch.start(index), batch.end(index));
              return { ...row, timestamp };
            }),
          ),
          options,
        ),
    })),
  },
  {
    mistake: 'refuses an empty batch',
    fails: ['an empty batch is stored without a trace'],
    create: altered((right) => ({
      async writeLogs(batch, options) {
        if (batch.length === 0) throw new StorageError('INVALID_ARGUMENT', 'batch has no rows');
        await right.writeLogs(batch, options);
      },
    })),
  },
];

const metrics: Mistake[] = [
  {
    mistake: 'keeps NaN and infinities as 0',
    fails: ['doubles: NaN, infinities, -0, the largest and the smallest'],
    create: doubles((value) => (Number.isFinite(value) ? value : 0)),
  },
  {
    mistake: 'keeps -0 as 0',
    fails: ['doubles: NaN, infinities, -0, the largest and the smallest'],
    create: doubles((value) => value + 0),
  },
  {
    mistake: 'keeps 32 bits of a double',
    fails: ['doubles: NaN, infinities, -0, the largest and the smallest'],
    create: doubles(Math.fround),
  },
  {
    mistake: 'keeps integers as doubles',
    fails: ['integers up to the ends of int64'],
    create: storingMetrics((row) => {
      const { data } = row;
      if (data === undefined) return row;
      return { ...row, data: { ...data, memoryUsage: BigInt.asIntN(64, BigInt(Number(data.memoryUsage))) } };
    }),
  },
  {
    mistake: 'makes absent data empty',
    fails: ['data and its parts: absent is not empty'],
    create: storingMetrics((row) => ({ ...row, data: row.data ?? EMPTY })),
  },
  {
    mistake: 'makes absent disk counters zeros',
    fails: ['data and its parts: absent is not empty'],
    create: storingMetrics((row) => ({
      ...row,
      ...(row.data && { data: { ...row.data, diskIo: row.data.diskIo ?? NO_DISK } }),
    })),
  },
  {
    mistake: 'makes disk counters that are all zero absent',
    fails: ['data and its parts: absent is not empty'],
    create: storingMetrics((row) => {
      if (row.data?.diskIo === undefined || Object.values(row.data.diskIo).some((value) => value !== 0n))
        return row;
      const { cpuUsage, memoryUsage, gpuUsage, networkIo } = row.data;
      return { ...row, data: { cpuUsage, memoryUsage, gpuUsage, ...(networkIo && { networkIo }) } };
    }),
  },
  {
    mistake: 'keeps times as seconds',
    fails: [TIMES],
    create: storingMetrics((row) => ({
      ...row,
      timestamp: (row.timestamp / 1_000_000_000n) * 1_000_000_000n,
    })),
  },
  {
    mistake: 'keeps sequences as doubles',
    fails: [SEQUENCES],
    create: storingMetrics((row) => ({ ...row, sequence: BigInt.asUintN(64, BigInt(Number(row.sequence))) })),
  },
  {
    mistake: 'keeps one sample for each time',
    fails: ['rows that equal each other in everything'],
    create: altered((right) => ({
      writeMetrics: (batch, options) =>
        right.writeMetrics(
          MetricBatch.from(new Map([...batch].map((row) => [row.timestamp, row])).values()),
          options,
        ),
    })),
  },
  {
    mistake: 'takes job id and time from the bytes of a row',
    fails: [OVERRIDE],
    create: altered((right) => ({
      writeMetrics: (batch, options) =>
        right.writeMetrics(
          MetricBatch.from(
            [...batch].map((_, row) => decodeMetric(batch.bytes, batch.start(row), batch.end(row))),
          ),
          options,
        ),
    })),
  },
];

const large: Mistake[] = [
  {
    mistake: 'cuts a row at 16 MiB',
    fails: ['a row of 64 MiB'],
    create: storing((row) => ({ ...row, content: row.content.subarray(0, 1 << 24) })),
  },
  {
    mistake: 'refuses rows of more than 1 MiB',
    fails: ['rows of 2 MiB, binary and text, among small ones'],
    create: storing((row) => {
      if (row.content.length > 1 << 20) throw new StorageError('INVALID_ARGUMENT', 'content is too long');
      return row;
    }),
  },
  {
    mistake: 'loses a byte at a length of 64 KiB',
    fails: ['rows of a length next to each power of two up to 1 MiB'],
    create: storing((row) =>
      row.content.length === 65_536 ? { ...row, content: row.content.subarray(1) } : row,
    ),
  },
];

export const BROKEN_CONTENT: readonly BrokenStore[] = [
  ...themed('content of log rows', logs),
  ...themed('content of metric rows', metrics),
  ...themed('large rows', large),
];
