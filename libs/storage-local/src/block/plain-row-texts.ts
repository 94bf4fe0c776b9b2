import { LogLineFields, RowEncoder, scanLogLine, StreamType, type RowHead } from '@joblet/wire';
import { describeLogs, describeMetrics } from '../block-index/describe-block.js';
import type { BlockRows } from './block-rows.js';
import type { RowTexts } from './row-texts.js';

const line = new LogLineFields();

/** LogLines as text, in plain JavaScript: it takes all that there can be. `hasOrdinals`: in the text. Throws WireError. */
export function plainLogTexts(
  jobId: string,
  rows: BlockRows,
  content: 'text' | 'base64',
  hasOrdinals = false,
): RowTexts {
  const streams = new Uint8Array(rows.starts.length);
  for (let row = 0; row < streams.length; row++) {
    scanLogLine(rows.bytes, rows.starts[row], rows.ends[row], line);
    streams[row] = line.stream === StreamType.STDERR ? StreamType.STDERR : StreamType.STDOUT;
  }
  const encoder = new RowEncoder({ content });
  const { lengths, text } = encodeRows(streams, encoder, (row) => {
    encoder.logRow(headOf(jobId, rows, row, hasOrdinals), rows.bytes, rows.starts[row], rows.ends[row]);
  });
  return { streams, lengths, member: (picked) => ({ text: text(picked), ...describeLogs(rows, picked) }) };
}

/** Metrics as text. Throws WireError. */
export function metricTexts(jobId: string, rows: BlockRows, hasOrdinals = false): RowTexts {
  const streams = new Uint8Array(rows.starts.length);
  const encoder = new RowEncoder();
  const { lengths, text } = encodeRows(streams, encoder, (row) => {
    encoder.metricRow(headOf(jobId, rows, row, hasOrdinals), rows.bytes, rows.starts[row], rows.ends[row]);
  });
  return { streams, lengths, member: (picked) => ({ text: text(picked), ...describeMetrics(rows, picked) }) };
}

function headOf(jobId: string, rows: BlockRows, row: number, hasOrdinal: boolean): RowHead {
  return {
    jobId,
    timestamp: rows.timestamps[row],
    ordinal: hasOrdinal ? rows.ordinals[row] : undefined,
  };
}

/** The rows of one stream after those of the other, so that the rows of a member lie side by side. */
function encodeRows(streams: Uint8Array, encoder: RowEncoder, encode: (row: number) => void) {
  const starts = new Float64Array(streams.length);
  const lengths = new Uint32Array(streams.length);
  for (const stream of new Set(streams)) {
    for (let row = streams.indexOf(stream); row < streams.length; row++) {
      if (streams[row] !== stream) continue;
      starts[row] = encoder.byteLength;
      encode(row);
      lengths[row] = encoder.byteLength - starts[row];
    }
  }
  const all = encoder.take();
  const text = (picked: Uint32Array): Uint8Array => {
    const last = picked[picked.length - 1];
    return all.subarray(starts[picked[0]], starts[last] + lengths[last]);
  };
  return { lengths, text };
}
