import { limits, type Gap } from '@joblet/storage';
import type { BatchCollector, RowKind, StoredRow } from './row-kind.js';
import type { RowSource } from './row-source.js';

/**
 * The rows of a job's files by ordinal, in batches, with gaps where ordinals or parts of a file are missing. Rows of
 * the Go service have no ordinals: they get theirs here, merged by time, then sequence, then stream. Returns the
 * ordinal that the job's next row gets.
 */
export async function* mergeRows<Row extends StoredRow, Batch>(
  kind: RowKind<Row, Batch>,
  jobId: string,
  sources: readonly RowSource<Row>[],
): AsyncGenerator<Batch | Gap, bigint> {
  let batch: BatchCollector<Batch> = kind.collector();
  let nextOrdinal = 0n;
  const endBatch = (): Batch => {
    const built = batch.build();
    batch = kind.collector();
    return built;
  };
  for (;;) {
    for (const source of sources) if (source.empty) await source.fill();
    const source = sourceOfNext(sources, nextOrdinal);
    if (!source) break;
    const { row, ordinal = nextOrdinal } = source.head!;
    const unexplained = noteHole(ordinal, nextOrdinal, source, sources);
    const gaps = [...unexplained, ...takeGaps(source, nextOrdinal)];
    if (gaps.length > 0 && batch.length > 0) yield endBatch();
    yield* gaps;
    source.advance();
    if (ordinal >= nextOrdinal) nextOrdinal = ordinal + 1n;
    if (!row) continue;
    const bytes = kind.encode(row);
    batch.add({ jobId, timestamp: row.timestamp, ordinal }, bytes, 0, bytes.length);
    if (batch.length >= limits.BATCH_ROWS_MAX || batch.byteLength >= limits.BATCH_BYTES_MAX) yield endBatch();
  }
  if (batch.length > 0) yield endBatch();
  const end = highestOrdinal(sources) + 1n;
  yield* noteHole(end, nextOrdinal, undefined, sources);
  for (const source of sources) yield* takeGaps(source, nextOrdinal);
  return end > nextOrdinal ? end : nextOrdinal;
}

/** The source whose head has the next row; undefined when all are at their end. */
function sourceOfNext<Row extends StoredRow>(
  sources: readonly RowSource<Row>[],
  nextOrdinal: bigint,
): RowSource<Row> | undefined {
  let first: RowSource<Row> | undefined;
  for (const source of sources) {
    if (source.head && (!first || comesBefore(source, first, nextOrdinal))) first = source;
  }
  return first;
}

function comesBefore<Row extends StoredRow>(
  a: RowSource<Row>,
  b: RowSource<Row>,
  nextOrdinal: bigint,
): boolean {
  const [x, y] = [a.head!, b.head!];
  if (x.ordinal !== undefined && y.ordinal !== undefined) return x.ordinal < y.ordinal;
  // Numbered and not: rows without ordinal fill up what comes before the numbered one.
  if (x.ordinal !== undefined) return x.ordinal <= nextOrdinal;
  if (y.ordinal !== undefined) return y.ordinal > nextOrdinal;
  if (x.row!.timestamp !== y.row!.timestamp) return x.row!.timestamp < y.row!.timestamp;
  return x.row!.sequence < y.row!.sequence;
}

function highestOrdinal<Row extends StoredRow>(sources: readonly RowSource<Row>[]): bigint {
  return sources.reduce((last, source) => (source.lastOrdinal > last ? source.lastOrdinal : last), -1n);
}

/**
 * Ordinals from `nextOrdinal` up to `ordinal` are in no file. A source that lacks something before its head explains
 * them: they are counted for its gap, which comes before its next row, one for all holes that the loss has made between
 * the rows of the other file. What nobody explains is a gap by itself.
 */
function noteHole<Row extends StoredRow>(
  ordinal: bigint,
  nextOrdinal: bigint,
  source: RowSource<Row> | undefined,
  sources: readonly RowSource<Row>[],
): Gap[] {
  if (ordinal <= nextOrdinal) return [];
  const lacking = (candidate: RowSource<Row>) => candidate.problems.length > 0;
  const blamed = source && lacking(source) ? source : sources.find(lacking);
  const rows = ordinal - nextOrdinal;
  if (blamed) {
    blamed.missing ??= { afterOrdinal: nextOrdinal - 1n, rows: 0n };
    blamed.missing.rows += rows;
    return [];
  }
  const reason = 'rows with these ordinals are in no file';
  return [{ kind: 'gap', stream: 0, afterOrdinal: nextOrdinal - 1n, rows, reason }];
}

/** What the source lacks before its head: one gap when ordinals tell how much it is. */
function takeGaps<Row extends StoredRow>(source: RowSource<Row>, nextOrdinal: bigint): Gap[] {
  const { stream, missing } = source;
  const problems = source.problems.splice(0);
  source.missing = undefined;
  if (!missing) {
    return problems.map((problem) => ({ kind: 'gap', stream, afterOrdinal: nextOrdinal - 1n, ...problem }));
  }
  return [{ kind: 'gap', stream, ...missing, reason: problems.map(({ reason }) => reason).join('; ') }];
}
