import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeLogRow, decodeMetricRow, type StoredLogRow, WireError } from './index.js';
import { JSON_DEPTH_MAX, JSON_NUMBER_LENGTH_MAX, JSON_STRING_BYTES_MAX } from './limits.js';
import { plain } from './protobuf-es.fuzz.js';

const hex = (text: string) => Buffer.from(text).toString('hex');
const EMPTY = { jobId: '', stream: 0, timestamp: 0n, sequence: 0n, content: '' };

function logRow(text: string): unknown {
  const bytes = Buffer.from(text);
  return plain(decodeLogRow(bytes, 0, bytes.length));
}

function metricRow(text: string): unknown {
  const bytes = Buffer.from(text);
  return plain(decodeMetricRow(bytes, 0, bytes.length));
}

describe('decodeLogRow reads', () => {
  it.each<[what: string, text: string, row: Partial<StoredLogRow> | { content: string }]>([
    ['an empty row', '{}', {}],
    ['keys in any order', '{"sequence":1,"stream":2,"job_id":"j"}', { jobId: 'j', stream: 2, sequence: 1n }],
    ['white space', ' {\t"stream" :\r\n1 , "job_id": "j" } \n', { jobId: 'j', stream: 1 }],
    ["newer daemons' name of the job id", '{"job_uuid":"u"}', { jobId: 'u' }],
    ['text', '{"text":"é"}', { content: hex('é') }],
    ['base64', '{"content":"w6k="}', { content: hex('é') }],
    ['base64 with escapes', '{"content":"\\/\\u002f\\u002F/"}', { content: 'ffffff' }],
    ['of text and content the last', '{"text":"a","content":"Yg=="}', { content: hex('b') }],
    ['of equal keys the last', '{"stream":1,"stream":2}', { stream: 2 }],
    ['null as absent', '{"stream":1,"stream":null,"text":null,"ordinal":null,"gap":null}', { stream: 1 }],
    ['keys with escapes', '{"\\u0073tream":1}', { stream: 1 }],
    [
      'every escape',
      '{"text":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20AC"}',
      { content: hex('"\\/\b\f\n\r\té€') },
    ],
    ['a surrogate pair', '{"text":"\\ud83d\\ude00!"}', { content: hex('😀!') }],
    ['half a pair as U+FFFD', '{"text":"\\ud83dx\\ude00"}', { content: hex('\ufffdx\ufffd') }],
    ['two first halves as U+FFFD', '{"text":"\\ud83d\\ud83d\\u0041"}', { content: hex('\ufffd\ufffdA') }],
    ['half a pair at the end', '{"text":"\\ud83d"}', { content: hex('\ufffd') }],
    ['DEL and U+2028 unescaped', '{"text":"\x7f\u2028"}', { content: hex('\x7f\u2028') }],
    ['the extremes of stream', '{"stream":-2147483648}', { stream: -(2 ** 31) }],
    ['the least time', '{"timestamp":-9223372036854775808}', { timestamp: -(2n ** 63n) }],
    ['the last time', '{"timestamp":9223372036854775807}', { timestamp: 2n ** 63n - 1n }],
    ['the last sequence', '{"sequence":18446744073709551615}', { sequence: 2n ** 64n - 1n }],
    ['an integer that no double holds', '{"sequence":9007199254740993}', { sequence: 2n ** 53n + 1n }],
    ['-0', '{"timestamp":-0}', {}],
    ['ordinal 0', '{"ordinal":0}', { ordinal: 0n }],
    ['an empty gap', '{"gap":{}}', { gap: { reason: '' } }],
    [
      'a gap',
      '{"gap":{"stream":2,"after_ordinal":18446744073709551615,"rows":0,"bytes":7,"reason":"rotated","x":[]}}',
      { gap: { stream: 2, afterOrdinal: 2n ** 64n - 1n, rows: 0n, bytes: 7n, reason: 'rotated' } },
    ],
  ])('%s: %s', (_, text, row) => {
    expect(logRow(text)).toEqual({ ...EMPTY, ...row });
  });

  it('past unknown keys of any shape', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.json({ maxDepth: 6 }), (key, json) => {
        const text = `{"stream":1,${JSON.stringify(`x${key}`)}:${json},"sequence":2}`;
        expect(logRow(text)).toEqual({ ...EMPTY, stream: 1, sequence: 2n });
      }),
      { numRuns: 500 },
    );
  });

  it('bytes that are not UTF-8 as they are', () => {
    const bytes = Buffer.from('{"text":"\xff"}', 'latin1');
    expect(plain(decodeLogRow(bytes, 0, bytes.length))).toEqual({ ...EMPTY, content: 'ff' });
  });
});

describe('decodeMetricRow reads', () => {
  it.each([
    ['absent data', '{}', undefined],
    ['empty data', '{"data":{}}', { cpuUsage: 0, memoryUsage: 0n, gpuUsage: 0 }],
    [
      'numbers',
      '{"data":{"cpu_usage":-0,"gpu_usage":1.5E-3,"memory_usage":-1}}',
      { cpuUsage: -0, gpuUsage: 0.0015, memoryUsage: -1n },
    ],
    [
      'what JSON has no number for',
      '{"data":{"cpu_usage":"NaN","gpu_usage":"-Infinity"}}',
      { cpuUsage: NaN, gpuUsage: -Infinity },
    ],
    [
      'counters',
      '{"data":{"disk_io":{"read_bytes":1,"write_bytes":2,"read_ops":3,"write_ops":4},"network_io":{"rx_bytes":5,"tx_bytes":6,"rx_packets":7,"tx_packets":8}}}',
      {
        diskIo: { readBytes: 1n, writeBytes: 2n, readOps: 3n, writeOps: 4n },
        networkIo: { rxBytes: 5n, txBytes: 6n, rxPackets: 7n, txPackets: 8n },
      },
    ],
  ])('%s: %s', (_, text, data) => {
    const expected = data && { cpuUsage: 0, memoryUsage: 0n, gpuUsage: 0, ...data };
    expect(metricRow(text)).toEqual({
      jobId: '',
      timestamp: 0n,
      sequence: 0n,
      ...(expected && { data: expected }),
    });
  });
});

describe('a row is refused', () => {
  it.each([
    ['', 'TRUNCATED', 'row: the row ends early, at byte 0'],
    ['[]', 'INVALID', 'row: found [, expected an object, at byte 0'],
    ['{"stream":1', 'TRUNCATED', 'stream: the row ends early, at byte 11'],
    ['{"text":"a', 'TRUNCATED', 'text: the row ends early, at byte 10'],
    ['{"text":"\\', 'TRUNCATED', 'text: the row ends early, at byte 10'],
    ['{"text":"\\u00', 'TRUNCATED', 'text: the row ends early, at byte 13'],
    ['{"x":tru', 'TRUNCATED', 'unknown key: the row ends early, at byte 8'],
    ['{"stream":-', 'TRUNCATED', 'stream: the row ends early, at byte 11'],
    ['{}x', 'INVALID', 'row: found x, expected the end, at byte 2'],
    ['{} {}', 'INVALID', 'row: found {, expected the end, at byte 3'],
    ['{"stream":1,}', 'INVALID', 'stream: found }, expected a key, at byte 12'],
    ['{"stream":1 "x":2}', 'INVALID', 'stream: found "x":2, expected a comma or }, at byte 12'],
    ['{"stream" 1}', 'INVALID', 'row: found 1, expected a colon, at byte 10'],
    ['{"x":[1}', 'INVALID', 'unknown key: found }, expected a comma or ], at byte 7'],
    ['{"x":nil}', 'INVALID', 'unknown key: found nil, expected null, at byte 5'],
    ['{"x":+1}', 'INVALID', 'unknown key: found +1, expected a value, at byte 5'],
    ['{"x":1.}', 'INVALID', 'unknown key: found }, expected a digit, at byte 7'],
    ['{"x":1e}', 'INVALID', 'unknown key: found }, expected a digit, at byte 7'],
    ['{"stream":"1"}', 'INVALID', 'stream: found "1", expected an integer, at byte 10'],
    ['{"stream":1.5}', 'INVALID', 'stream: found 1.5, expected an integer, at byte 10'],
    ['{"stream":1e3}', 'INVALID', 'stream: found 1e3, expected an integer, at byte 10'],
    ['{"stream":01}', 'INVALID', 'stream: found 01, expected a number without leading zeros, at byte 10'],
    ['{"stream":2147483648}', 'INVALID', 'stream: found 2147483648, expected a 32-bit integer, at byte 10'],
    ['{"timestamp":9223372036854775808}', 'INVALID', 'expected a 64-bit integer, at byte 13'],
    ['{"timestamp":-9223372036854775809}', 'INVALID', 'expected a 64-bit integer, at byte 13'],
    ['{"sequence":18446744073709551616}', 'INVALID', 'expected an unsigned 64-bit integer, at byte 12'],
    ['{"sequence":99999999999999999999}', 'INVALID', 'expected an unsigned 64-bit integer, at byte 12'],
    ['{"sequence":100000000000000000000}', 'INVALID', 'expected an unsigned 64-bit integer, at byte 12'],
    ['{"sequence":-1}', 'INVALID', 'sequence: found -1, expected an unsigned 64-bit integer, at byte 12'],
    ['{"job_id":1}', 'INVALID', 'job_id: found 1, expected a string, at byte 10'],
    ['{"text":"\n"}', 'INVALID', 'text: found byte 10 in a string, expected it escaped, at byte 9'],
    ['{"text":"\\x"}', 'INVALID', 'expected one of " \\ / b f n r t u behind a backslash, at byte 10'],
    ['{"text":"\\u00g0"}', 'INVALID', 'text: found g0", expected four hexadecimal digits, at byte 13'],
    ['{"content":"YQ"}', 'INVALID', 'content: found 2 characters, expected standard base64 with padding'],
    ['{"content":"YQ=a"}', 'INVALID', 'found character 3 of 4 out of place'],
    ['{"content":"YWJ*"}', 'INVALID', 'found character 4 of 4 out of place'],
    ['{"content":"YW*="}', 'INVALID', 'found character 3 of 4 out of place'],
    ['{"content":"Y==="}', 'INVALID', 'found character 2 of 4 out of place'],
    ['{"content":"===="}', 'INVALID', 'found character 1 of 4 out of place'],
    ['{"content":"_-8="}', 'INVALID', 'found character 1 of 4 out of place'],
    ['{"gap":[]}', 'INVALID', 'gap: found [, expected an object, at byte 7'],
    ['{"gap":{"rows":-1}}', 'INVALID', 'rows: found -1, expected an unsigned 64-bit integer, at byte 15'],
  ])('%s', (text, code, message) => {
    const error = caught(() => logRow(text));
    expect(error).toMatchObject({ code, message: expect.stringContaining(message) });
  });

  it.each([
    ['"nan"', 'found "nan", expected a number, "NaN", "Infinity" or "-Infinity"'],
    ['"1"', 'found "1", expected a number'],
    ['1e999', 'found 1e999, expected a number that a double can hold'],
    ['.5', 'found .5, expected a value'],
  ])('as a metric with cpu_usage %s', (number, message) => {
    const error = caught(() => metricRow(`{"data":{"cpu_usage":${number}}}`));
    expect(error.message).toContain(message);
  });

  it('beyond the limits, not at them', () => {
    const nested = (levels: number) => `{"x":${'['.repeat(levels)}${']'.repeat(levels)}}`;
    expect(logRow(nested(JSON_DEPTH_MAX))).toEqual(EMPTY);
    expect(caught(() => logRow(nested(JSON_DEPTH_MAX + 1))).message).toContain(
      `at most ${JSON_DEPTH_MAX} levels`,
    );

    const jobId = 'x'.repeat(JSON_STRING_BYTES_MAX);
    expect(logRow(`{"job_id":"${jobId}"}`)).toEqual({ ...EMPTY, jobId });
    expect(caught(() => logRow(`{"job_id":"x${jobId}"}`)).message).toContain(
      `at most ${JSON_STRING_BYTES_MAX}`,
    );

    const digits = '1'.repeat(JSON_NUMBER_LENGTH_MAX - 2);
    expect(metricRow(`{"data":{"cpu_usage":0.${digits}}}`)).toMatchObject({ data: { cpuUsage: 1 / 9 } });
    expect(caught(() => metricRow(`{"data":{"cpu_usage":0.${digits}1}}`)).message).toContain(
      'a double can hold',
    );
  });
});

function caught(run: () => unknown): WireError {
  try {
    run();
  } catch (error) {
    if (error instanceof WireError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
