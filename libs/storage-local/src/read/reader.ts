import {
  checkLogQuery,
  checkMetricQuery,
  selectLogs,
  selectMetrics,
  StorageError,
  type Gap,
  type LogBatch,
  type LogQuery,
  type MetricBatch,
  type MetricQuery,
  type ReadOptions,
  type RowQuery,
} from '@joblet/storage';
import { AreaSnapshot } from './area-snapshot.js';
import type { AreaView, StoreView } from './area-view.js';
import { isWholeUpTo, planBlocks, positioned, type BlockIndexes, type BlockPlan } from './block-plan.js';
import { scanBlocks } from './block-scan.js';
import { closeAll } from './close-all.js';
import { toStorageError } from '../errors.js';
import { ItemReader } from './item-reader.js';
import { TAIL_BYTES_HELD_MAX, WHOLE_TEXT_BYTES_MAX } from '../limits.js';
import type { WantsMember } from './member.js';
import { lostGap } from './lost-gap.js';
import { mergeRows, type MergeEnd } from './merge-rows.js';
import { LOGS, METRICS, type RowKind, type StoredRow } from './row-kind.js';
import { RowSource } from './row-source.js';
import { checkpointOf, type Checkpoint } from './turns.js';

/** Told when a file has rows that name another job than their directory does. */
export type OnForeignJobId = (jobId: string, rows: number) => void;

type Area = 'logs' | 'metrics';

/** What is known of the rows of one kind when all have been looked at. */
export interface Survey {
  /** That the job's next row gets. */
  readonly nextOrdinal: bigint;
  /** By stream. */
  readonly totals: ReadonlyMap<number, Totals>;
  readonly gaps: number;
}

export type Totals = RowSource<StoredRow>['totals'];

/** Where reading begins, and what was read to find out, if it is not too much. */
interface Position {
  readonly query: LogQuery;
  readonly held: readonly (LogBatch | Gap)[] | undefined;
}

export class Reader {
  private readonly view: StoreView;
  private readonly onForeignJobId: OnForeignJobId;
  private readonly indexes: BlockIndexes | undefined;
  private closed = false;

  /** Without `indexes`, what blocks have is known from their headers. */
  constructor(view: StoreView, onForeignJobId: OnForeignJobId, indexes?: BlockIndexes) {
    this.view = view;
    this.onForeignJobId = onForeignJobId;
    this.indexes = indexes;
  }

  /** Reads under way end with CLOSED at their next step. */
  close(): void {
    this.closed = true;
  }

  async *readLogs(query: LogQuery, options: ReadOptions): AsyncGenerator<LogBatch | Gap> {
    checkLogQuery(query);
    const checkpoint = this.checkpointFor(options);
    await checkpoint();
    const files = this.snapshots(query.jobId, ['logs']).get('logs');
    try {
      const plan = files && (await this.blockPlan(files, checkpoint));
      const position = plan && (await this.positioned(plan, query, checkpoint));
      const asked = position?.query ?? query;
      const members = this.memberScan(LOGS, 'logs', files, asked, checkpoint);
      const scan = () => {
        if (position?.held) return position.held;
        // The last rows are those that can be read: which they are is known when members are looked at.
        const isByBlocks = files && plan && !isPlainTail(asked);
        return isByBlocks ? this.blocks(plan, files, asked, checkpoint) : members();
      };
      yield* selectLogs(asked, scan, options);
    } catch (error) {
      await checkpoint();
      throw error;
    } finally {
      await files?.close();
    }
  }

  async *readMetrics(query: MetricQuery, options: ReadOptions): AsyncGenerator<MetricBatch | Gap> {
    checkMetricQuery(query);
    const checkpoint = this.checkpointFor(options);
    await checkpoint();
    const files = this.snapshots(query.jobId, ['metrics']).get('metrics');
    try {
      const scan = this.memberScan(METRICS, 'metrics', files, query, checkpoint);
      yield* selectMetrics(query, scan, options);
    } finally {
      await files?.close();
    }
  }

  /** What the files have, for whoever does not know yet; nothing is written to them meanwhile. */
  async survey(files: Pick<AreaView, 'files' | 'lost'>, area: Area, jobId: string): Promise<Survey> {
    const view = { ...files, pending: [], release: () => undefined };
    try {
      const snapshot = AreaSnapshot.openSync(jobId, view);
      try {
        return await this.surveyOf(area, snapshot, this.untilClosed());
      } finally {
        await snapshot.close();
      }
    } catch (error) {
      throw toStorageError(error, `reading job ${jobId}`);
    }
  }

  /** Reads one snapshot, member by member, however often it is scanned. */
  private memberScan<Row extends StoredRow, Batch>(
    kind: RowKind<Row, Batch>,
    area: Area,
    files: AreaSnapshot | undefined,
    query: LogQuery,
    checkpoint: Checkpoint,
  ): () => AsyncIterable<Batch | Gap> {
    let wants: WantsMember | undefined;
    return async function* (this: Reader): AsyncGenerator<Batch | Gap> {
      // A job that has nothing of this kind.
      if (!files) return;
      wants ??= isPlainTail(query) ? await this.tailOf(area, files, query.tail, checkpoint) : wantsOf(query);
      yield* this.rows(kind, files, wants, checkpoint);
    }.bind(this);
  }

  private async blockPlan(files: AreaSnapshot, checkpoint: Checkpoint): Promise<BlockPlan | undefined> {
    try {
      return await planBlocks(files, this.indexes, checkpoint);
    } catch (error) {
      throw toStorageError(error, `reading job ${files.jobId}`);
    }
  }

  private async isWholeUpTo(plan: BlockPlan, ordinal: bigint, checkpoint: Checkpoint): Promise<boolean> {
    try {
      return await isWholeUpTo(plan, ordinal, checkpoint);
    } catch (error) {
      throw toStorageError(error, `reading job ${plan.jobId}`);
    }
  }

  /** As `positioned`. An offset counts only rows that can be read. A tail has to be read first: it is the last rows that are there, not the last that were. */
  private async positioned(
    plan: BlockPlan,
    query: LogQuery,
    checkpoint: Checkpoint,
  ): Promise<Position | undefined> {
    const position = positioned(plan, query);
    if (!position) return undefined;
    if (!query.tail) {
      const { afterOrdinal = -1n } = position;
      return (await this.isWholeUpTo(plan, afterOrdinal, checkpoint))
        ? { query: position, held: undefined }
        : undefined;
    }
    const rows = scanBlocks(plan, position, checkpoint);
    let held: (LogBatch | Gap)[] | undefined = [];
    let heldBytes = 0;
    try {
      for (;;) {
        const step = await rows.next();
        if (step.done) return step.value === undefined ? { query: position, held } : undefined;
        if (step.value.kind === 'logs') heldBytes += step.value.byteLength;
        if (heldBytes <= TAIL_BYTES_HELD_MAX) held?.push(step.value);
        else held = undefined;
      }
    } catch (error) {
      throw toStorageError(error, `reading job ${plan.jobId}`);
    }
  }

  /** What blocks tell of themselves decides what is read. From damage on, member by member. */
  private async *blocks(
    plan: BlockPlan,
    files: AreaSnapshot,
    query: LogQuery,
    checkpoint: Checkpoint,
  ): AsyncGenerator<LogBatch | Gap> {
    let done: bigint | undefined;
    try {
      done = yield* scanBlocks(plan, query, checkpoint);
    } catch (error) {
      throw toStorageError(error, `reading job ${files.jobId}`);
    }
    if (done === undefined) return;
    const { afterOrdinal = -1n } = query;
    const behind = afterOrdinal > done ? afterOrdinal : done;
    for await (const item of this.rows(
      LOGS,
      files,
      wantsOf({ ...query, afterOrdinal: behind }),
      checkpoint,
    )) {
      if (item.kind === 'gap') {
        if (item.afterOrdinal >= done) yield item;
      } else yield item.pick(rowsBehind(item, done));
    }
  }

  /**
   * The members that have the last rows, by the ordinals in their headers; all, when some ordinals are missing, or
   * when a member turns out to have fewer rows than its header says.
   */
  private async tailOf(
    area: Area,
    files: AreaSnapshot,
    tail: number,
    checkpoint: Checkpoint,
  ): Promise<WantsMember> {
    const { nextOrdinal, totals, gaps } = await this.surveyOf(area, files, checkpoint);
    const rows = [...totals.values()].reduce((sum, ofStream) => sum + ofStream.rows, 0n);
    if (gaps > 0 || rows !== nextOrdinal) return everyMember;
    const first = nextOrdinal - BigInt(tail);
    const wants: WantsMember = ({ ordinals }) => ordinals[ordinals.length - 1] >= first;
    const read = await this.surveyOf(area, files, checkpoint, wants);
    return read.gaps > 0 ? everyMember : wants;
  }

  /** JOB_NOT_FOUND when nothing is known of the job. In one turn: no write and no delete comes between. */
  private snapshots(jobId: string, areas: readonly Area[]): Map<Area, AreaSnapshot> {
    const opened = new Map<Area, AreaSnapshot>();
    try {
      const job = this.view.view(jobId, areas);
      if (!job) throw StorageError.jobNotFound(jobId);
      for (const [index, area] of areas.entries()) {
        try {
          const view = job[area];
          if (view) opened.set(area, AreaSnapshot.openSync(jobId, view));
        } catch (error) {
          for (const later of areas.slice(index + 1)) job[later]?.release();
          throw error;
        }
      }
      return opened;
    } catch (error) {
      // What failed first is what counts.
      closeAll([...opened.values()]).catch(() => undefined);
      throw toStorageError(error, `reading job ${jobId}`);
    }
  }

  private async *rows<Row extends StoredRow, Batch>(
    kind: RowKind<Row, Batch>,
    files: AreaSnapshot,
    wanted: WantsMember,
    checkpoint: Checkpoint,
  ): AsyncGenerator<Batch | Gap, MergeEnd & Pick<Survey, 'totals'>> {
    const { jobId } = files;
    const sources: RowSource<Row>[] = [];
    try {
      const plan = await files.plan(checkpoint);
      // Which of two rows with one ordinal counts is known only when both are read.
      const wants = plan.hasClash ? everyMember : wanted;
      for (const source of plan.sources) {
        const { file, items, stream, isSlotted = false } = source;
        const scan = { wants, wholeTextBytesMax: WHOLE_TEXT_BYTES_MAX, checkpoint };
        const place = file.place.bind(file);
        const options = { jobId, stream, path: file.path, place, checkpoint };
        const reader = new ItemReader(file, items, scan);
        const late = new ItemReader(file, reader.putOff, scan);
        const lateSource = isSlotted ? new RowSource(kind, late, options) : undefined;
        sources.push(new RowSource(kind, reader, { ...options, late: lateSource }));
        if (lateSource) sources.push(lateSource);
      }
      yield* files.gaps;
      yield* files.lost.map(lostGap);
      const end = yield* mergeRows(kind, jobId, sources, files.lost);
      return { ...end, totals: totalsByStream(sources) };
    } catch (error) {
      throw toStorageError(error, `reading job ${jobId}`);
    } finally {
      await closeAll(sources);
      const foreign = sources.reduce((sum, { foreignJobIds }) => sum + foreignJobIds, 0);
      if (foreign > 0) this.onForeignJobId(jobId, foreign);
    }
  }

  /** All that is known of a job's rows without giving one of them out; more of it when members are wanted. */
  private async surveyOf(
    area: Area,
    files: AreaSnapshot,
    checkpoint: Checkpoint,
    wants: WantsMember = () => false,
  ): Promise<Survey> {
    const kind: RowKind<StoredRow, unknown> = area === 'logs' ? LOGS : METRICS;
    const rows = this.rows(kind, files, wants, checkpoint);
    for (let gaps = 0; ;) {
      const step = await rows.next();
      if (!step.done) {
        if (isGap(step.value)) gaps++;
        continue;
      }
      const { leftOut, ...known } = step.value;
      // Rows that were stepped over are counted too: only reading tells which of them are given.
      if (leftOut === 0n || wants === everyMember) return { ...known, gaps };
      return this.surveyOf(area, files, checkpoint, everyMember);
    }
  }

  private checkpointFor({ signal }: ReadOptions): Checkpoint {
    return checkpointOf(() => {
      if (signal?.aborted) throw StorageError.aborted(signal);
      this.throwIfClosed();
    });
  }

  private untilClosed(): Checkpoint {
    return checkpointOf(() => this.throwIfClosed());
  }

  private throwIfClosed(): void {
    if (this.closed) throw StorageError.closed();
  }
}

/** Whether the query wants the last rows of the job, whatever they are. */
function isPlainTail(query: LogQuery): query is LogQuery & { tail: number } {
  const { tail, stream = 0, filter, startTime, endTime, afterOrdinal } = query;
  const conditions = [filter, startTime, endTime, afterOrdinal];
  return tail !== undefined && stream === 0 && conditions.every((condition) => condition === undefined);
}

function wantsOf({ startTime, endTime, afterOrdinal }: RowQuery): WantsMember {
  return ({ timeMin, timeMax, ordinals }) => {
    if (startTime !== undefined && timeMax < startTime) return false;
    if (endTime !== undefined && timeMin > endTime) return false;
    return afterOrdinal === undefined || ordinals[ordinals.length - 1] > afterOrdinal;
  };
}

function rowsBehind(batch: LogBatch, ordinal: bigint): number[] {
  return Array.from({ length: batch.length }, (_, row) => row).filter((row) => batch.ordinal(row)! > ordinal);
}

function everyMember(): boolean {
  return true;
}

function totalsByStream(sources: readonly RowSource<StoredRow>[]): Map<number, Totals> {
  const byStream = new Map<number, Totals>();
  for (const { options, totals } of sources) {
    const before = byStream.get(options.stream);
    if (totals.rows === 0n) continue;
    byStream.set(options.stream, {
      rows: totals.rows + (before?.rows ?? 0n),
      contentBytes: totals.contentBytes + (before?.contentBytes ?? 0n),
      timeMin: before && before.timeMin < totals.timeMin ? before.timeMin : totals.timeMin,
      timeMax: before && before.timeMax > totals.timeMax ? before.timeMax : totals.timeMax,
    });
  }
  return byStream;
}

function isGap(item: unknown): boolean {
  return typeof item === 'object' && item !== null && 'kind' in item && item.kind === 'gap';
}
