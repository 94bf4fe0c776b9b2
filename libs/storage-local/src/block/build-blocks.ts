import { crc32c } from '@joblet/wal';
import { StreamType } from '@joblet/wire';
import { encodeMemberSync } from '../format/gzip-member.js';
import { MEMBER_ROWS_MAX, MEMBER_TEXT_BYTES_MAX, SLICE_BYTES_MAX, SLICE_ROWS_MAX } from '../limits.js';
import type { BlockRequest, BuiltBlock } from './block-builder.js';
import type { BlockRows } from './block-rows.js';
import { cutRows, type RowRange } from './cut-rows.js';
import { metricTexts, plainLogTexts } from './plain-row-texts.js';
import type { RowTexts } from './row-texts.js';
import type { LogRowsModule } from './wasm/log-rows-module.js';
import { wasmLogTexts } from './wasm/wasm-log-texts.js';

const STREAMS = Object.values(StreamType);

/**
 * What a BlockBuilder does with a request, on the thread that calls it; without the module the same, but slower. Throws
 * WireError for a row that does not decode.
 */
export function buildBlocks(request: BlockRequest, module?: LogRowsModule): BuiltBlock[] {
  const { level, rows } = request;
  const blocks: BuiltBlock[] = [];
  for (const range of cutRows(wireLengths(rows), SLICE_BYTES_MAX, SLICE_ROWS_MAX)) {
    const slice = sliceRows(rows, range);
    const texts = textsOf(request, slice, module);
    for (const picked of cutMembers(texts)) {
      const { text, summary, filter } = texts.member(picked);
      const { contentBytes, timeMin, timeMax } = summary;
      const ordinals = pick(slice.ordinals, picked);
      // The text holds until the next member's is asked for.
      const member =
        level === 'plain'
          ? Buffer.from(text)
          : encodeMemberSync(text, { contentBytes, timeMin, timeMax, ordinals }, level);
      const stream = texts.streams[picked[0]];
      const textBytes = text.length;
      blocks.push({
        stream,
        member,
        textBytes,
        summary: { ...summary, memberCrc32c: crc32c(member) },
        filter,
      });
    }
  }
  return blocks.sort((one, other) => one.stream - other.stream);
}

function textsOf(
  { kind, jobId, content, level }: BlockRequest,
  rows: BlockRows,
  module: LogRowsModule | undefined,
): RowTexts {
  const isPlain = level === 'plain';
  if (kind === 'metrics') return metricTexts(jobId, rows, isPlain);
  if (isPlain) return plainLogTexts(jobId, rows, content, true);
  return (module && wasmLogTexts(module, jobId, rows, content)) ?? plainLogTexts(jobId, rows, content);
}

function wireLengths({ starts, ends }: BlockRows): Uint32Array {
  const lengths = new Uint32Array(starts.length);
  for (let row = 0; row < lengths.length; row++) lengths[row] = ends[row] - starts[row];
  return lengths;
}

function sliceRows(rows: BlockRows, { from, to }: RowRange): BlockRows {
  return {
    bytes: rows.bytes,
    starts: rows.starts.subarray(from, to),
    ends: rows.ends.subarray(from, to),
    timestamps: rows.timestamps.subarray(from, to),
    ordinals: rows.ordinals.subarray(from, to),
  };
}

/** The numbers of the rows of each member. */
function cutMembers({ streams, lengths }: RowTexts): Uint32Array[] {
  const members: Uint32Array[] = [];
  const rows = new Uint32Array(streams.length);
  const rowLengths = new Uint32Array(streams.length);
  for (const stream of STREAMS) {
    let count = 0;
    for (let row = 0; row < streams.length; row++) {
      if (streams[row] !== stream) continue;
      rows[count] = row;
      rowLengths[count++] = lengths[row];
    }
    for (const { from, to } of cutRows(
      rowLengths.subarray(0, count),
      MEMBER_TEXT_BYTES_MAX,
      MEMBER_ROWS_MAX,
    )) {
      members.push(rows.slice(from, to));
    }
  }
  return members;
}

function pick(ordinals: BigUint64Array, picked: Uint32Array): BigUint64Array {
  const first = picked[0];
  const end = picked[picked.length - 1] + 1;
  const isOneRun = end - first === picked.length;
  return isOneRun ? ordinals.subarray(first, end) : BigUint64Array.from(picked, (row) => ordinals[row]);
}
