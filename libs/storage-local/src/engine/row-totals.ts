import { LogLineFields, scanLogLine, StreamType } from '@joblet/wire';
import type { BlockRows } from '../block/block-rows.js';
import type { AreaName } from './log-entry.js';

/** Of the rows for one data file. */
export interface RowTotals {
  readonly stream: number;
  readonly rows: number;
  readonly contentBytes: number;
  /** Unix nanoseconds. */
  readonly timeMin: bigint;
  readonly timeMax: bigint;
  readonly firstOrdinal: bigint;
  readonly lastOrdinal: bigint;
}

const line = new LogLineFields();

/** The stream whose file a row belongs in, and how much content it has. */
export function rowStream(kind: AreaName, { bytes, starts, ends }: BlockRows, row: number): number {
  if (kind === 'metrics') return 0;
  scanLogLine(bytes, starts[row], ends[row], line);
  return line.stream === StreamType.STDERR ? StreamType.STDERR : StreamType.STDOUT;
}

/** Of each stream that has rows. */
export function totalsOf(kind: AreaName, rows: BlockRows): readonly RowTotals[] {
  const byStream = new Map<number, { -readonly [Key in keyof RowTotals]: RowTotals[Key] }>();
  for (let row = 0; row < rows.starts.length; row++) {
    const stream = rowStream(kind, rows, row);
    const contentBytes = kind === 'metrics' ? 0 : line.contentEnd - line.contentStart;
    const time = rows.timestamps[row];
    const ordinal = rows.ordinals[row];
    const totals = byStream.get(stream);
    if (!totals) {
      const times = { timeMin: time, timeMax: time };
      byStream.set(stream, {
        stream,
        rows: 1,
        contentBytes,
        ...times,
        firstOrdinal: ordinal,
        lastOrdinal: ordinal,
      });
      continue;
    }
    totals.rows++;
    totals.contentBytes += contentBytes;
    if (time < totals.timeMin) totals.timeMin = time;
    if (time > totals.timeMax) totals.timeMax = time;
    totals.lastOrdinal = ordinal;
  }
  return [...byStream.values()];
}
