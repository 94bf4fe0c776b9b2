import { encodeLogLine, encodeMetric, type LogLine, type Metric } from '@joblet/wire';
import type { BlockRows } from '../block/block-rows.js';

export interface RowToPlace {
  readonly message: Uint8Array;
  readonly timestamp: bigint;
  readonly ordinal: bigint;
  /** Bytes of nobody that lie before the row. */
  readonly padding?: number;
}

/** Rows as a store has them, with bytes of nobody before and behind. */
export function blockRows(placed: readonly RowToPlace[]): BlockRows {
  const rows = {
    starts: new Uint32Array(placed.length),
    ends: new Uint32Array(placed.length),
    timestamps: BigInt64Array.from(placed, ({ timestamp }) => timestamp),
    ordinals: BigUint64Array.from(placed, ({ ordinal }) => ordinal),
  };
  let end = 0;
  placed.forEach(({ message, padding = 0 }, row) => {
    rows.starts[row] = end + padding;
    end = rows.ends[row] = rows.starts[row] + message.length;
  });
  const bytes = new Uint8Array(end + 7).fill(0xee);
  placed.forEach(({ message }, row) => bytes.set(message, rows.starts[row]));
  return { ...rows, bytes };
}

/** With ordinals from 0 on, and their own times. */
export function logRows(lines: readonly LogLine[]): BlockRows {
  return blockRows(
    lines.map((line, row) => ({
      message: encodeLogLine(line),
      timestamp: line.timestamp,
      ordinal: BigInt(row),
    })),
  );
}

/** With ordinals from 0 on, and their own times. */
export function metricRows(samples: readonly Metric[]): BlockRows {
  return blockRows(
    samples.map((sample, row) => ({
      message: encodeMetric(sample),
      timestamp: sample.timestamp,
      ordinal: BigInt(row),
    })),
  );
}
