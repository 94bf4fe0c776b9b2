import { describe, expect, it } from '@jest/globals';
import { LogRowTranscoder, RowEncoder, type TranscodedRows } from '@joblet/wire';
import fc from 'fast-check';
import { lineRows, UTF8_EDGES } from '../testing/line-rows.js';
import { openLogLinesModule } from './log-lines-module.js';
import { rowTranscoder, WasmTranscoder } from './row-transcoder.js';

const T0 = 1_763_600_000_000_000_000n;

describe('the transcoder in WebAssembly', () => {
  const module = openLogLinesModule();
  if (!module) throw new Error('there is no WebAssembly');
  const both = (jobId: string, stream: number, text: Buffer, rows: number) => {
    const plain = new LogRowTranscoder(jobId, stream);
    const quick = new WasmTranscoder(module, jobId, stream, plain);
    return [
      shown(new LogRowTranscoder(jobId, stream).transcode(Buffer.from(text), rows)),
      shown(quick.transcode(Buffer.from(text), rows)),
    ];
  };

  it('gives what the plain code gives, of all rows that are written', () => {
    fc.assert(
      fc.property(
        lineRows,
        fc.constantFrom(1, 2),
        fc.constantFrom('text', 'base64'),
        fc.constantFrom('j', 'x'.repeat(40), 'a-job.1', ''),
        ({ bytes, starts, ends, timestamps }, stream, content, jobId) => {
          const encoder = new RowEncoder({ content });
          for (let row = 0; row < starts.length; row++)
            encoder.logRow({ jobId, timestamp: timestamps[row] }, bytes, starts[row], ends[row]);
          const [plain, quick] = both(jobId, stream, encoder.take(), starts.length);
          expect(quick).toEqual(plain);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  const piece = fc.oneof(
    fc.string({ unit: 'grapheme-ascii', maxLength: 40 }).map((text) => JSON.stringify(text).slice(1, -1)),
    fc.constantFrom(
      '\\"',
      '\\\\',
      '\\/',
      '\\b\\f\\n\\r\\t',
      '\\u0001',
      '\\u007F',
      '\\u00e9',
      '\\u0080',
      '\\u2028',
    ),
    fc.constantFrom(
      '"',
      '\\',
      '\\u',
      '\\u00',
      '\\u001',
      '\\x',
      '\t',
      '\n',
      '\x7f',
      '","text":"',
      '"}\n{"',
      'é',
    ),
    fc.nat(UTF8_EDGES.length - 1).map((edge) => UTF8_EDGES[edge].toString('latin1')),
  );
  const written = fc
    .tuple(
      fc.constantFrom('', ' ', '-', '0'),
      fc.oneof(
        fc.bigInt({ min: 0n, max: 2n ** 65n }),
        fc.nat(2_000_000_000).map((ns) => T0 + BigInt(ns)),
      ),
      fc.oneof(
        fc.constant(''),
        fc.bigInt({ min: 0n, max: 2n ** 65n }).map((n) => `"sequence":${n},`),
      ),
      fc.oneof({ weight: 4, arbitrary: fc.array(piece, { maxLength: 6 }) }, fc.constant(['x'.repeat(5_000)])),
      fc.oneof(
        { weight: 9, arbitrary: fc.constant('"}\n') },
        fc.constantFrom('"}', '" }\n', '"}\r\n', '","gap":{}}\n'),
      ),
    )
    .map(
      ([sign, time, sequence, content, end]) =>
        `{"job_id":"j","stream":1,"timestamp":${sign}${time},${sequence}"text":"${content.join('')}${end}`,
    );

  it('gives what the plain code gives, of rows that nobody should have written', () => {
    fc.assert(
      fc.property(fc.array(written, { maxLength: 3 }), fc.nat(), fc.nat(5), (rows, cut, change) => {
        let text = Buffer.from(rows.join(''), 'latin1');
        if (change === 0 && text.length > 0) text = text.subarray(0, cut % text.length);
        if (change === 1 && text.length > 0) text[cut % text.length] ^= 1 << (cut % 8);
        const [plain, quick] = both('j', 1, text, rows.length);
        expect(quick).toEqual(plain);
      }),
      { numRuns: 5_000 },
    );
  });

  it('takes rows as the store writes them, itself; texts, rows or heads that do not fit are for the plain code', () => {
    const row = `{"job_id":"j","stream":1,"timestamp":${T0},"sequence":7,"text":"a \\"b\\" \\u001b[0m é\\n"}\n`;
    const never = {
      transcode: () => {
        throw new Error('the plain code was asked');
      },
    } as unknown as LogRowTranscoder;
    const quick = new WasmTranscoder(module, 'j', 1, never);
    expect(quick.transcode(Buffer.from(row.repeat(4_096)), 4_096)?.ends).toHaveLength(4_096);
    expect(() => quick.transcode(Buffer.from(row.repeat(4_097)), 4_097)).toThrow('the plain code');
    const long = row.replace('a ', 'a'.repeat(module.text.length));
    expect(() => quick.transcode(Buffer.from(long), 1)).toThrow('the plain code');
    const [plain, other] = both('j', 1, Buffer.from(long), 1);
    expect(other).toEqual(plain);
    const jobId = 'j'.repeat(200);
    const [plainToo, otherToo] = both(jobId, 1, Buffer.from(row.replace('"j"', `"${jobId}"`)), 1);
    expect(otherToo).toEqual(plainToo);
  });

  it('is what reading uses', () => {
    expect(rowTranscoder('j', 1)).toBeInstanceOf(WasmTranscoder);
  });
});

/** Rows as they are, without what lies between them. */
function shown(rows: TranscodedRows | undefined): string[] | undefined {
  if (!rows) return undefined;
  const bytes = Buffer.from(rows.bytes);
  return Array.from(
    rows.starts,
    (start, row) => `${rows.timestamps[row]} ${bytes.toString('hex', start, rows.ends[row])}`,
  );
}
