import { limits, type Gap } from '@joblet/storage';
import type { BatchCollector, RowKind, StoredRow } from './row-kind.js';
import type { Problem, RowSource } from './row-source.js';

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
    const gaps = gapsBefore(ordinal, nextOrdinal, source, sources);
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
  yield* gapsAtEnd(end, nextOrdinal, sources);
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

/** A hole in the ordinals before the row, with the reason that some file gives, and what the row's own file lacks. */
function gapsBefore<Row extends StoredRow>(
  ordinal: bigint,
  nextOrdinal: bigint,
  source: RowSource<Row>,
  sources: readonly RowSource<Row>[],
): Gap[] {
  if (ordinal <= nextOrdinal)
    return takeProblems(source).map((problem) => gapOf(problem, source, nextOrdinal));
  return [hole(ordinal, nextOrdinal, source.problems.length > 0 ? [source] : sources)];
}

function highestOrdinal<Row extends StoredRow>(sources: readonly RowSource<Row>[]): bigint {
  return sources.reduce((last, source) => (source.lastOrdinal > last ? source.lastOrdinal : last), -1n);
}

function gapsAtEnd<Row extends StoredRow>(
  end: bigint,
  nextOrdinal: bigint,
  sources: readonly RowSource<Row>[],
): Gap[] {
  if (end > nextOrdinal) return [hole(end, nextOrdinal, sources)];
  return sources.flatMap((source) =>
    takeProblems(source).map((problem) => gapOf(problem, source, nextOrdinal)),
  );
}

/** One gap for all ordinals up to `ordinal`; it takes the problems of the sources, which explain it. */
function hole<Row extends StoredRow>(
  ordinal: bigint,
  nextOrdinal: bigint,
  sources: readonly RowSource<Row>[],
): Gap {
  const blamed = sources.filter((source) => source.problems.length > 0);
  const reasons = blamed.flatMap((source) => takeProblems(source).map((problem) => problem.reason));
  return {
    kind: 'gap',
    stream: blamed.length === 1 ? blamed[0].stream : 0,
    afterOrdinal: nextOrdinal - 1n,
    rows: ordinal - nextOrdinal,
    reason: reasons.length > 0 ? reasons.join('; ') : 'rows with these ordinals are in no file',
  };
}

function takeProblems<Row extends StoredRow>(source: RowSource<Row>): Problem[] {
  return source.problems.splice(0);
}

function gapOf<Row extends StoredRow>(problem: Problem, source: RowSource<Row>, nextOrdinal: bigint): Gap {
  return { kind: 'gap', stream: source.stream, afterOrdinal: nextOrdinal - 1n, ...problem };
}
