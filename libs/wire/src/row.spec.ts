import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import * as arbitrary from './arbitraries.fuzz.js';
import {
  decodeLogRow,
  decodeMetricRow,
  encodeLogLine,
  encodeMetric,
  RowEncoder,
  type StoredLogRow,
  type StoredMetricRow,
  WireError,
} from './index.js';
import { outcome, plain } from './protobuf-es.fuzz.js';

const ordinal = fc.option(arbitrary.uint64, { nil: undefined });
const modes = fc.constantFrom('text' as const, 'base64' as const);

function encodeLog(row: StoredLogRow, content: 'text' | 'base64' = 'text'): Buffer {
  const encoder = new RowEncoder({ content });
  const bytes = encodeLogLine(row);
  encoder.logRow(row, bytes, 0, bytes.length);
  return encoder.take();
}

function encodeSample(row: StoredMetricRow): Buffer {
  const encoder = new RowEncoder();
  const bytes = encodeMetric(row);
  encoder.metricRow(row, bytes, 0, bytes.length);
  return encoder.take();
}

/** The text of the row, without its newline, read at another place than 0. */
function decodeLog(row: Buffer): StoredLogRow {
  const bytes = Buffer.concat([Buffer.from('{"'), row, Buffer.from('"}')]);
  return decodeLogRow(bytes, 2, bytes.length - 2);
}

const withOrdinal = <Row extends object>(row: Row, value: bigint | undefined) =>
  value === undefined ? row : { ...row, ordinal: value };

describe('a row', () => {
  it('gives back every log line, as text and as base64', () => {
    fc.assert(
      fc.property(arbitrary.logLine, ordinal, modes, (line, number, mode) => {
        const row = withOrdinal(line, number);
        const text = encodeLog(row, mode);
        expect(text.indexOf('\n')).toBe(text.length - 1);
        expect(plain(decodeLog(text))).toEqual(plain(row));
      }),
      { numRuns: 1000 },
    );
  });

  it('gives back every metric', () => {
    fc.assert(
      fc.property(arbitrary.metric, ordinal, (metric, number) => {
        const row = withOrdinal(metric, number);
        const text = encodeSample(row);
        expect(plain(decodeMetricRow(text, 0, text.length))).toEqual(plain(row));
      }),
      { numRuns: 1000 },
    );
  });

  it('takes its job id and time from the head, not from the message', () => {
    const line = { jobId: 'other', stream: 1, timestamp: 1n, sequence: 3n, content: Buffer.from('c') };
    const bytes = encodeLogLine(line);
    const encoder = new RowEncoder();
    encoder.logRow({ jobId: 'j', timestamp: 2n, ordinal: 0n }, bytes, 0, bytes.length);
    const text = '{"job_id":"j","stream":1,"timestamp":2,"sequence":3,"ordinal":0,"text":"c"}\n';
    expect(encoder.byteLength).toBe(text.length);
    expect(encoder.take().toString()).toBe(text);
    expect(encoder.byteLength).toBe(0);
  });

  it('is JSON: JSON.parse reads it alike', () => {
    const safe = fc.maxSafeNat();
    fc.assert(
      fc.property(arbitrary.logLine, safe, safe, modes, (line, timestamp, sequence, mode) => {
        const row = { ...line, timestamp: BigInt(timestamp), sequence: BigInt(sequence) };
        const parsed: Record<string, unknown> = JSON.parse(encodeLog(row, mode).toString());
        const { job_id = '', stream = 0, text, content = '' } = parsed;
        expect([job_id, stream, parsed['timestamp'] ?? 0, parsed['sequence'] ?? 0]).toEqual([
          line.jobId,
          line.stream,
          timestamp,
          sequence,
        ]);
        const bytes = typeof text === 'string' ? Buffer.from(text) : Buffer.from(String(content), 'base64');
        expect(bytes.equals(line.content)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('shows text to grep as it is, and never half of it', () => {
    const row = { jobId: 'j', stream: 1, timestamp: 0n, sequence: 0n };
    const written = (content: Buffer) => encodeLog({ ...row, content }).toString();
    expect(written(Buffer.from('<a href="x">é & \u2028</a>\n'))).toContain(
      '"text":"<a href=\\"x\\">é & \u2028</a>\\n"',
    );
    expect(written(Buffer.from('é').subarray(0, 1))).toContain('"content":"ww=="');
    expect(written(Buffer.alloc(0))).toBe('{"job_id":"j","stream":1}\n');
  });

  it('of a metric keeps what JSON has no number for', () => {
    const data = {
      cpuUsage: NaN,
      memoryUsage: 0n,
      gpuUsage: -0,
      networkIo: { ...noTraffic },
      diskIo: { ...noDisk },
    };
    const text = encodeSample({ jobId: '', timestamp: 0n, sequence: 0n, data });
    expect(text.toString()).toBe(
      '{"data":{"cpu_usage":"NaN","gpu_usage":-0,"disk_io":{},"network_io":{}}}\n',
    );
    expect(encodeSample({ jobId: '', timestamp: 0n, sequence: 0n }).toString()).toBe('{}\n');
  });

  it('of any size comes back, and is found unread when cut short', () => {
    const line = { jobId: 'j', stream: 1, timestamp: 1n, sequence: 1n };
    for (const unit of ['"', '\0', 'text é ', '\xff']) {
      const content = Buffer.alloc(3_000_001, unit, 'latin1');
      const text = encodeLog({ ...line, content });
      expect(Buffer.from(decodeLog(text).content).equals(content)).toBe(true);
      expect(() => decodeLogRow(text, 0, text.length - 2)).toThrow(
        expect.objectContaining({ code: 'TRUNCATED' }),
      );
    }
  });
});

describe('RowEncoder', () => {
  it('appends, and goes on after what it refuses', () => {
    const encoder = new RowEncoder();
    const bytes = encodeLogLine({
      jobId: 'j',
      stream: 1,
      timestamp: 1n,
      sequence: 0n,
      content: Buffer.from('x'),
    });
    const head = { jobId: 'j', timestamp: 1n };
    encoder.logRow(head, bytes, 0, bytes.length);
    expect(() => encoder.logRow(head, bytes, 0, bytes.length - 1)).toThrow(WireError);
    expect(() => encoder.metricRow(head, Buffer.from([0x22, 9]), 0, 2)).toThrow(WireError);
    expect(() => encoder.logRow({ ...head, timestamp: 2n ** 63n }, bytes, 0, bytes.length)).toThrow(
      TypeError,
    );
    expect(() => encoder.logRow({ ...head, ordinal: -1n }, bytes, 0, bytes.length)).toThrow(TypeError);
    encoder.logRow(head, bytes, 0, bytes.length);
    const row = '{"job_id":"j","stream":1,"timestamp":1,"text":"x"}\n';
    expect(encoder.take().toString()).toBe(row + row);
  });

  it('never changes what it gave away', () => {
    const encoder = new RowEncoder();
    const row = (letter: string, size: number) => {
      const bytes = encodeLogLine({
        jobId: 'j',
        stream: 1,
        timestamp: 0n,
        sequence: 0n,
        content: Buffer.alloc(size, letter),
      });
      encoder.logRow({ jobId: 'j', timestamp: 0n }, bytes, 0, bytes.length);
    };
    for (const size of [10, 2_000_000]) {
      row('a', size);
      const taken = encoder.take();
      const copy = Buffer.from(taken);
      row('b', size);
      expect(taken.equals(copy)).toBe(true);
      encoder.take();
    }
  });
});

describe('a damaged row', () => {
  const damage = fc.array(
    fc.tuple(fc.nat(), fc.oneof(fc.nat(127), fc.constantFrom(...Buffer.from('{}[]",:\\u0-e.')))),
    {
      maxLength: 3,
    },
  );
  const rows = fc.oneof(
    arbitrary.logLine.map((line) => encodeLog(line)),
    arbitrary.metric.map((metric) => encodeSample(metric)),
  );

  it.each([
    ['log', decodeLogRow],
    ['metric', decodeMetricRow],
  ])('is refused by the %s decoder whenever it is not JSON, and with nothing but WireError', (_, decode) => {
    let refused = 0;
    fc.assert(
      fc.property(rows, damage, (row, changes) => {
        for (const [at, byte] of changes) row[at % (row.length - 1)] = byte;
        const isJson = outcome(() => JSON.parse(row.toString())) !== 'rejected';
        try {
          decode(row, 0, row.length);
          expect(isJson).toBe(true);
        } catch (error) {
          refused++;
          expect(error).toBeInstanceOf(WireError);
        }
      }),
      { numRuns: 1500 },
    );
    expect(refused).toBeGreaterThan(150);
  });

  it('is never taken for whole, cut at any byte', () => {
    fc.assert(
      fc.property(rows, (row) => {
        const takenAt = [...row.keys()].find(
          (end) => end < row.length - 1 && outcome(() => decodeMetricRow(row, 0, end)) !== 'rejected',
        );
        expect(takenAt).toBe(undefined);
      }),
      { numRuns: 50 },
    );
  });
});

const noTraffic = { rxBytes: 0n, txBytes: 0n, rxPackets: 0n, txPackets: 0n };
const noDisk = { readBytes: 0n, writeBytes: 0n, readOps: 0n, writeOps: 0n };
