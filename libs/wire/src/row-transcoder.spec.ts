import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { content, int32, int64, uint64 } from './arbitraries.fuzz.js';
import {
  decodeLogRow,
  encodeLogLine,
  LogRowTranscoder,
  RowEncoder,
  WireError,
  type LogLine,
} from './index.js';

const JOB = 'job-1';
const NEWLINE = 0x0a;

const time = fc.oneof(
  int64,
  fc.bigInt({ min: 1_763_600_000_000_000_000n, max: 1_763_600_003_000_000_000n }),
  fc.constantFrom(
    999_999_999n,
    10n ** 9n,
    2n ** 32n * 10n ** 9n,
    9n * 10n ** 18n,
    8_999_999_999_999_999_999n,
  ),
);
const sequence = fc.oneof(uint64, fc.constantFrom(10n ** 14n, 10n ** 15n - 1n, 10n ** 15n));
const logLine: fc.Arbitrary<LogLine> = fc.record({
  jobId: fc.constant(JOB),
  stream: fc.oneof(fc.constantFrom(1, 1, 1, 0, 7), int32).filter((stream) => stream !== 2),
  timestamp: time,
  sequence,
  content: fc.oneof(content, fc.string({ maxLength: 300 }).map(Buffer.from)),
});

describe('LogRowTranscoder', () => {
  it('makes what encodeLogLine makes of what decodeLogRow finds, of rows as RowEncoder writes them', () => {
    fc.assert(
      fc.property(fc.array(logLine, { maxLength: 8 }), fc.constantFrom('text', 'base64'), (lines, form) => {
        const encoder = new RowEncoder({ content: form });
        for (const line of lines) {
          const bytes = encodeLogLine(line);
          encoder.logRow(line, bytes, 0, bytes.length);
        }
        const text = encoder.take();
        const expected = slowly(text);
        const { bytes, starts, ends, timestamps } = new LogRowTranscoder(JOB, 1).transcode(
          text,
          lines.length,
        )!;
        expect(lines.map((_, row) => bytes.toString('hex', starts[row], ends[row]))).toEqual(expected);
        expect([...timestamps]).toEqual(lines.map(({ timestamp }) => timestamp));
      }),
      { numRuns: 2_000 },
    );
  });

  it('takes stderr, and only it, from the file of stderr', () => {
    const row = `{"job_id":"${JOB}","stream":2,"timestamp":1763600000000000001,"sequence":1,"text":"a\\"b"}\n`;
    expect(transcoded(row, 2)).toEqual(slowly(Buffer.from(row)));
    expect(transcoded(row, 1)).toBeUndefined();
    expect(transcoded(row.replace('"stream":2', '"stream":1'), 2)).toBeUndefined();
  });

  const HEAD = `{"job_id":"${JOB}","stream":1,"timestamp":1763600000000000000`;
  it.each([
    ['keys in another order', `{"text":"abc","stream":1,"job_id":"${JOB}"}\n`],
    ['keys that nobody knows', `${HEAD},"more":[1,{"a":null}],"text":"abc"}\n`],
    ['white space', `${HEAD} , "text" : "abc" }\n`],
    ['a key twice', `${HEAD},"text":"abc","text":"de"}\n`],
    ['null', `${HEAD},"text":null}\n`],
    ['empty text', `${HEAD},"text":""}\n`],
    ['no text', `${HEAD},"sequence":18446744073709551615}\n`],
    ['a negative time', `${HEAD.replace('1763', '-1763')},"text":"abc"}\n`],
    ['text behind the text', `${HEAD},"text":"abc","stream":3}\n`],
    ['job_uuid', `{"job_uuid":"${JOB}","timestamp":5,"content":"aGVsbG8="}\n`],
  ])('takes %s', (_, row) => {
    expect(transcoded(row)).toEqual(slowly(Buffer.from(row)));
  });

  it.each([
    ['a gap', `${HEAD},"gap":{"reason":"lost"}}\n`],
    ['another job', `${HEAD.replace(JOB, 'job-2')},"text":"abc"}\n`],
    ['a control character', `${HEAD},"text":"ab\tc"}\n`],
    ['a control character behind an escape', `${HEAD},"text":"ab\\"\tc"}\n`],
    ['an escape that is none', `${HEAD},"text":"ab\\qc"}\n`],
    ['an escape that ends too soon', `${HEAD},"text":"abc\\u00"}\n`],
    ['a time beyond 64 bits', `${HEAD}0000,"text":"abc"}\n`],
    ['a time with a zero before it', `${HEAD.replace('1763', '01763')},"text":"abc"}\n`],
    ['a sequence with a zero before it', `${HEAD},"sequence":01,"text":"abc"}\n`],
    ['an empty line', `\n`],
    ['no newline', `${HEAD},"text":"abc"}`],
    ['something behind the row', `${HEAD},"text":"abc"} x\n`],
    ['half a row', `${HEAD},"te`],
  ])('refuses %s', (_, row) => {
    expect(transcoded(row)).toBeUndefined();
  });

  it('refuses another number of rows', () => {
    const row = `${HEAD},"text":"abc"}\n`;
    expect(new LogRowTranscoder(JOB, 1).transcode(Buffer.from(row + row), 1)).toBeUndefined();
    expect(new LogRowTranscoder(JOB, 1).transcode(Buffer.from(row + row), 3)).toBeUndefined();
    expect(new LogRowTranscoder(JOB, 1).transcode(Buffer.alloc(0), 0)?.starts).toHaveLength(0);
  });

  it('is right or refuses, whatever byte is changed', () => {
    const row = `${HEAD},"sequence":17,"text":"a \\"quoted\\" \\u0001 text\\\\"}\n`;
    fc.assert(
      fc.property(fc.nat(row.length - 1), fc.nat(255), (at, byte) => {
        const bytes = Buffer.from(row);
        bytes[at] = byte;
        const found = transcoded(bytes);
        if (found) expect(found).toEqual(slowly(bytes));
      }),
      { numRuns: 5_000 },
    );
  });
});

function transcoded(row: string | Buffer, stream = 1): string[] | undefined {
  const rows = new LogRowTranscoder(JOB, stream).transcode(Buffer.from(row), 1);
  return rows && [rows.bytes.toString('hex', rows.starts[0], rows.ends[0])];
}

/** Row by row. */
function slowly(text: Buffer): string[] {
  const rows: string[] = [];
  for (let pos = 0; pos < text.length;) {
    const newline = text.indexOf(NEWLINE, pos);
    if (newline < 0) throw new WireError('INVALID', 'no newline');
    rows.push(Buffer.from(encodeLogLine(decodeLogRow(text, pos, newline))).toString('hex'));
    pos = newline + 1;
  }
  return rows;
}
