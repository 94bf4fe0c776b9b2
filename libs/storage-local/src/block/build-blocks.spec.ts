import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { crc32c } from '@joblet/wal';
import { decodeLogLine, decodeLogRow, RowEncoder } from '@joblet/wire';
import fc from 'fast-check';
import { describeLogs } from '../block-index/describe-block.js';
import { parseHeader } from '../format/gzip-member.js';
import { MEMBER_ROWS_MAX, MEMBER_TEXT_BYTES_MAX } from '../limits.js';
import { blockRows, logRows, metricRows } from '../testing/block-rows.js';
import { lineRows, UTF8_EDGES } from '../testing/line-rows.js';
import type { BlockRows } from './block-rows.js';
import type { BlockRequest, BuiltBlock } from './block-builder.js';
import { buildBlocks as build } from './build-blocks.js';
import { openLogRowsModule } from './wasm/log-rows-module.js';

const request = (rows: BlockRows, more: Partial<BlockRequest> = {}): BlockRequest => ({
  kind: 'logs',
  jobId: 'j',
  content: 'text',
  level: 3,
  rows,
  ...more,
});

/** The rows of one stream, each encoded on its own. */
function textsOf({ rows, jobId, content }: BlockRequest, stream: number): string[] {
  const texts: string[] = [];
  for (let row = 0; row < rows.starts.length; row++) {
    const isStderr = decodeLogLine(rows.bytes, rows.starts[row], rows.ends[row]).stream === 2;
    if ((stream === 2) !== isStderr) continue;
    const encoder = new RowEncoder({ content });
    encoder.logRow({ jobId, timestamp: rows.timestamps[row] }, rows.bytes, rows.starts[row], rows.ends[row]);
    texts.push(encoder.take().toString('latin1'));
  }
  return texts;
}

function textOf({ member }: BuiltBlock): string {
  return gunzipSync(member).toString('latin1');
}

function contentOf({ member }: BuiltBlock): Uint8Array {
  const row = gunzipSync(member);
  return decodeLogRow(row, 0, row.length).content;
}

const ordinalsOf = ({ member }: BuiltBlock) => parseHeader(Buffer.from(member))?.extra?.ordinals;

const wasm = openLogRowsModule();

it('the module is there, so that both ways are tested', () => {
  expect(wasm).toBeDefined();
});

describe.each([
  { way: 'in plain JavaScript', module: undefined },
  { way: 'with WebAssembly', module: wasm },
])('blocks built $way', ({ module }) => {
  const buildBlocks = (asked: BlockRequest) => build(asked, module);

  it('have each row of their stream once, in order, as it is encoded alone; header and summary say what is in them', () => {
    fc.assert(
      fc.property(lineRows, fc.constantFrom('text' as const, 'base64' as const), (rows, content) => {
        const asked = request(rows, { content });
        const blocks = buildBlocks(asked);
        for (const stream of [1, 2]) {
          const mine = blocks.filter((block) => block.stream === stream);
          expect(mine.map(textOf).join('')).toBe(textsOf(asked, stream).join(''));
        }
        const ordinals = blocks.flatMap((block) => [...(ordinalsOf(block) ?? [])]);
        expect(ordinals.sort((a, b) => (a < b ? -1 : 1))).toEqual([...rows.ordinals]);
        for (const block of blocks) checkDescription(rows, block);
      }),
    );
  });

  it('have text exactly where it is UTF-8, wherever in a vector that is decided', () => {
    const line = { jobId: 'j', stream: 1, timestamp: 5n, sequence: 1n };
    const lines = UTF8_EDGES.flatMap((edge) =>
      Array.from({ length: 18 }, (_, at) => ({
        ...line,
        content: Buffer.concat([Buffer.alloc(at, 'a'), edge]),
      })),
    );
    const asked = request(logRows(lines));
    expect(buildBlocks(asked).map(textOf).join('')).toBe(textsOf(asked, 1).join(''));
  });

  it('of many rows are few, of about the same size, and none is larger than a member may be', () => {
    const line = { jobId: 'j', stream: 1, timestamp: 5n, sequence: 1n, content: new Uint8Array(0) };
    for (const [count, contentBytes, members] of [
      [600, 600, 2],
      [MEMBER_ROWS_MAX, 0, 1],
      [MEMBER_ROWS_MAX + 1, 0, 2],
      [3_000, 700, 9],
      [3, 200_000, 3],
    ]) {
      const content = Buffer.alloc(contentBytes, 'abcdefg');
      const blocks = buildBlocks(
        request(logRows(Array.from({ length: count }, () => ({ ...line, content })))),
      );
      const sizes = blocks.map((block) => textOf(block).length);
      expect([count, contentBytes, sizes.length]).toEqual([count, contentBytes, members]);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(MEMBER_TEXT_BYTES_MAX);
      expect(Math.min(...sizes)).toBeGreaterThan(Math.max(...sizes) * 0.8);
    }
  });

  it('of a row that is larger than a member have it alone', () => {
    const line = { jobId: 'j', stream: 1, timestamp: 5n, sequence: 1n, content: Buffer.from('x') };
    const huge = { ...line, content: Buffer.alloc(1_500_000, '"\n') };
    const blocks = buildBlocks(request(logRows([line, huge, line])));
    expect(blocks.map((block) => ordinalsOf(block))).toEqual(
      [0n, 1n, 2n].map((ordinal) => BigUint64Array.of(ordinal)),
    );
    expect(huge.content.equals(contentOf(blocks[1]))).toBe(true);
  });

  it('of metrics say what their fields are', () => {
    const sample = (memoryUsage: bigint) => ({
      jobId: 'j',
      timestamp: memoryUsage,
      sequence: 0n,
      data: { cpuUsage: 0.5, memoryUsage, gpuUsage: 0 },
    });
    const rows = metricRows([sample(1n), sample(2n ** 62n)]);
    const [block, ...others] = buildBlocks(request(rows, { kind: 'metrics' }));
    expect(others).toEqual([]);
    expect(block).toMatchObject({ stream: 0, filter: new Uint8Array(0) });
    expect(block.summary).toMatchObject({ rows: 2, timeMin: 1n, timeMax: 2n ** 62n });
    expect(block.summary.fields?.[1]).toMatchObject({ count: 2, min: 1n, max: 2n ** 62n });
    expect(textOf(block).split('\n')[0]).toBe(
      '{"job_id":"j","timestamp":1,"data":{"cpu_usage":0.5,"memory_usage":1}}',
    );
  });

  it('are not made of what is no row', () => {
    const cut = blockRows([{ message: Buffer.of(0x2a, 9, 1), timestamp: 1n, ordinal: 0n }]);
    expect(() => buildBlocks(request(cut))).toThrow('cut short');
    expect(() => buildBlocks(request(cut, { kind: 'metrics' }))).toThrow();
  });

  it('of no rows are none', () => {
    expect(buildBlocks(request(blockRows([])))).toEqual([]);
  });
});

function checkDescription(rows: BlockRows, block: BuiltBlock): void {
  const header = parseHeader(Buffer.from(block.member));
  const { summary, filter } = block;
  const picked = [...rows.ordinals.keys()].filter((row) =>
    header?.extra?.ordinals.includes(rows.ordinals[row]),
  );
  const described = describeLogs(rows, picked);
  const memberCrc32c = crc32c(block.member);
  expect({ summary, filter: Buffer.from(filter) }).toEqual({
    summary: { ...described.summary, memberCrc32c },
    filter: Buffer.from(described.filter),
  });
  const { contentBytes, timeMin, timeMax } = summary;
  expect(header?.extra).toMatchObject({ contentBytes, timeMin, timeMax });
}
