import { limits, type Gap } from '@joblet/storage';
import type { LostView } from './area-view.js';
import { GapLedger } from './gap-ledger.js';
import type { BatchCollector, RowKind, StoredRow } from './row-kind.js';
import type { Head, RowSource } from './row-source.js';

/** What is known when all rows have been merged. */
export interface MergeEnd {
  /** That the job's next row gets. */
  readonly nextOrdinal: bigint;
  /** Rows that were left out because another row has their ordinal. */
  readonly leftOut: bigint;
}

/** The next row of all, and the ordinal that it has or gets. */
interface Next<Row extends StoredRow> {
  readonly source: RowSource<Row>;
  readonly ordinal: bigint;
}

/**
 * The rows of a job by ordinal, each ordinal once, in batches, with gaps where ordinals or parts of a file are missing.
 * Each source has its rows in the order of their ordinals; where two have the same, the row counts that names the job
 * and the stream. Rows without ordinals get free ones of their slot, merged by time, then sequence, then stream; what
 * does not fit there comes last. `lost`: told of already, no other gap comes from it.
 */
export async function* mergeRows<Row extends StoredRow, Batch>(
  kind: RowKind<Row, Batch>,
  jobId: string,
  sources: readonly RowSource<Row>[],
  lost: readonly LostView[] = [],
): AsyncGenerator<Batch | Gap, MergeEnd> {
  const ledger = new GapLedger(sources, lost);
  const inTime = sources.filter((source) => !sources.some(({ options }) => options.late === source));
  const slotted = inTime.filter(({ options }) => options.late);
  const late = sources.filter((source) => !inTime.includes(source));
  let batch: BatchCollector<Batch> = kind.collector();
  let nextOrdinal = 0n;
  let leftOut = 0n;
  let last: Uint8Array | undefined;
  const endBatch = (): Batch => {
    const built = batch.build();
    batch = kind.collector();
    return built;
  };
  for (;;) {
    for (const source of inTime) if (source.empty) await source.fill();
    for (const source of slotted) {
      while (isSlotFull(source, nextOrdinal)) {
        await source.putOffSlot();
        await source.fill();
      }
    }
    const stale = inTime.find(({ head }) => head?.ordinal !== undefined && head.ordinal < nextOrdinal);
    if (stale) {
      const { row, ordinal } = stale.head!;
      const isCompared = row !== undefined && last !== undefined;
      const isCopy =
        ordinal === nextOrdinal - 1n && (!isCompared || Buffer.compare(kind.encode(row), last!) === 0);
      ledger.leaveOut(stale, isCopy);
      leftOut++;
      stale.advance();
      continue;
    }
    const next = nextRow(inTime, slotted, nextOrdinal) ?? (await nextLate(late, nextOrdinal));
    if (!next) break;
    const { source, ordinal } = next;
    if (!ledger.isWhole(ordinal, nextOrdinal)) {
      for (const gap of ledger.before(ordinal, nextOrdinal, source)) {
        if (batch.length > 0) yield endBatch();
        yield gap;
      }
    }
    const { row } = source.head!;
    source.advance();
    nextOrdinal = ordinal + 1n;
    last = undefined;
    if (!row) continue;
    source.count(row);
    last = kind.encode(row);
    batch.add({ jobId, timestamp: row.timestamp, ordinal }, last, 0, last.length);
    if (batch.length >= limits.BATCH_ROWS_MAX || batch.byteLength >= limits.BATCH_BYTES_MAX) yield endBatch();
  }
  if (batch.length > 0) yield endBatch();
  const end = highestOrdinal([...sources, ...lost]) + 1n;
  yield* ledger.atEnd(end, nextOrdinal);
  return { nextOrdinal: end > nextOrdinal ? end : nextOrdinal, leftOut };
}

/** Undefined when the sources are at their end. */
function nextRow<Row extends StoredRow>(
  sources: readonly RowSource<Row>[],
  slotted: readonly RowSource<Row>[],
  nextOrdinal: bigint,
): Next<Row> | undefined {
  let numbered: RowSource<Row> | undefined;
  for (const source of sources) {
    const head = source.head;
    if (head?.ordinal === undefined) continue;
    if (!numbered || comesBefore(head, numbered.head!)) numbered = source;
  }
  const limit = numbered?.head!.ordinal;
  const free = nextFree(slotted, nextOrdinal, limit);
  if (free) return free;
  return numbered && { source: numbered, ordinal: numbered.head!.ordinal! };
}

/** Of two rows with one ordinal, the one that says that it belongs here. */
function comesBefore<Row>(a: Head<Row>, b: Head<Row>): boolean {
  return a.ordinal === b.ordinal ? a.isOwn && !b.isOwn : a.ordinal! < b.ordinal!;
}

/** The first row without ordinal that gets one below `limit`, which is the next that some row has. */
function nextFree<Row extends StoredRow>(
  sources: readonly RowSource<Row>[],
  nextOrdinal: bigint,
  limit: bigint | undefined,
): Next<Row> | undefined {
  let first: Next<Row> | undefined;
  for (const source of sources) {
    if (!source.head) continue;
    const ordinal = ordinalInSlot(source, nextOrdinal);
    if (limit !== undefined && ordinal >= limit) continue;
    if (!first || isOlder(source.head.row!, first.source.head!.row!)) first = { source, ordinal };
  }
  return first;
}

function ordinalInSlot({ slot }: RowSource<StoredRow>, nextOrdinal: bigint): bigint {
  return slot === undefined || nextOrdinal > slot.after ? nextOrdinal : slot.after + 1n;
}

function isSlotFull(source: RowSource<StoredRow>, nextOrdinal: bigint): boolean {
  const before = source.head && source.slot?.before;
  return before !== undefined && ordinalInSlot(source, nextOrdinal) >= before;
}

/** The next row that did not fit into its slot, when there is no other. */
async function nextLate<Row extends StoredRow>(
  late: readonly RowSource<Row>[],
  nextOrdinal: bigint,
): Promise<Next<Row> | undefined> {
  let first: RowSource<Row> | undefined;
  for (const source of late) {
    if (source.empty) await source.fill();
    if (source.head && (!first || isOlder(source.head.row!, first.head!.row!))) first = source;
  }
  return first && { source: first, ordinal: nextOrdinal };
}

function isOlder(a: StoredRow, b: StoredRow): boolean {
  return a.timestamp === b.timestamp ? a.sequence < b.sequence : a.timestamp < b.timestamp;
}

function highestOrdinal(sources: readonly { readonly lastOrdinal: bigint }[]): bigint {
  return sources.reduce((last, { lastOrdinal }) => (lastOrdinal > last ? lastOrdinal : last), -1n);
}
