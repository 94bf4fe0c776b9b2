import type { Gap } from '@joblet/storage';
import { REASONS_NAMED_MAX } from '../limits.js';
import type { LostView } from './area-view.js';
import type { Problem } from './problem-queue.js';
import { ARE_COPIES, ARE_OTHERS, NOT_IN_ANY_FILE } from './reasons.js';
import type { RowSource } from './row-source.js';
import type { StoredRow } from './row-kind.js';

type Source = RowSource<StoredRow>;

/**
 * Which gap tells of which loss. What a source lacks before its head is reported once, as soon as it is known how many
 * ordinals it has cost, with the ordinal of the row that was given last: pages of an answer, put together, have it once.
 */
export class GapLedger {
  private readonly sources: readonly Source[];

  /** Rows that were taken away on purpose, and whose ordinals have not been met. */
  private lostRows: bigint;
  private readonly lostUpTo: bigint;

  constructor(sources: readonly Source[], lost: readonly LostView[] = []) {
    this.sources = sources;
    this.lostRows = lost.reduce((sum, { rows }) => sum + rows, 0n);
    this.lostUpTo = lost.reduce((last, { lastOrdinal }) => (lastOrdinal > last ? lastOrdinal : last), -1n);
  }

  /** Whether nothing is missing before the row that has `ordinal`; `nextOrdinal` is behind the row given last. */
  isWhole(ordinal: bigint, nextOrdinal: bigint): boolean {
    return ordinal === nextOrdinal && this.sources.every(({ problems }) => problems.isEmpty);
  }

  /** The gaps that come before the row of `source` that has `ordinal`. */
  *before(ordinal: bigint, nextOrdinal: bigint, source: Source): Generator<Gap> {
    yield* this.blame(ordinal, nextOrdinal, source);
    for (const candidate of this.sources) {
      if (candidate.problems.isEmpty) continue;
      yield* takeGaps(candidate, candidate === source ? undefined : ordinal, nextOrdinal - 1n);
    }
  }

  /** The gaps behind all rows; `end` is behind the highest ordinal that is known of. */
  *atEnd(end: bigint, nextOrdinal: bigint): Generator<Gap> {
    yield* this.blame(end, nextOrdinal, undefined);
    for (const source of this.sources) yield* takeGaps(source, undefined, nextOrdinal - 1n);
  }

  /** The head of the source has an ordinal that another row has had. */
  leaveOut({ problems, options }: Source, isCopy: boolean): void {
    problems.note(`${isCopy ? ARE_COPIES : ARE_OTHERS}: ${options.path}`, isCopy ? 0n : 1n);
  }

  /**
   * Ordinals from `nextOrdinal` up to `ordinal` are in no file. A source that lacks something before its head explains
   * them: they are counted for its gap, one for all holes that the loss has made between the rows of other sources.
   * What nobody explains is a gap by itself.
   */
  private *blame(ordinal: bigint, nextOrdinal: bigint, source: Source | undefined): Generator<Gap> {
    const candidates = source ? [source, ...this.sources] : this.sources;
    let unexplained = 0n;
    for (let from = nextOrdinal; from < ordinal;) {
      const known = candidates.map(({ problems }) => problems.nextKnown(from));
      const vague = candidates.map(({ problems }) => problems.nextVague(from));
      // A damaged member whose header is right is sure to have cost its ordinals, and no others.
      const sure = known.find((problem) => problem && problem.firstOrdinal! <= from);
      const isLost = !sure && this.lostRows > 0n && from <= this.lostUpTo;
      const blamed = sure ?? (isLost ? undefined : vague.find(Boolean));
      // Up to where the ordinals have the same explanation.
      let to = ordinal;
      for (const problem of [...known, ...vague]) {
        const { firstOrdinal, lastOrdinal } = problem ?? {};
        for (const border of [firstOrdinal, lastOrdinal === undefined ? undefined : lastOrdinal + 1n]) {
          if (border !== undefined && border > from && border < to) to = border;
        }
      }
      if (isLost) {
        if (to > this.lostUpTo) to = this.lostUpTo + 1n;
        if (to - from > this.lostRows) to = from + this.lostRows;
        this.lostRows -= to - from;
        from = to;
        continue;
      }
      const rows = to - from;
      if (blamed) blamed.missingRows = (blamed.missingRows ?? 0n) + rows;
      else unexplained += rows;
      from = to;
    }
    if (unexplained === 0n) return;
    yield {
      kind: 'gap',
      stream: 0,
      afterOrdinal: nextOrdinal - 1n,
      rows: unexplained,
      reason: NOT_IN_ANY_FILE,
    };
  }
}

/**
 * The problems of the source as gaps: all, or those that lie below an ordinal. Ordinals that are missing around several
 * losses that lie side by side cannot be told apart: they make one gap.
 */
function* takeGaps(source: Source, below: bigint | undefined, afterOrdinal: bigint): Generator<Gap> {
  let joined: Problem[] = [];
  const endJoined = function* (): Generator<Gap> {
    const rows = joined.reduce((sum, { missingRows = 0n }) => sum + missingRows, 0n);
    if (rows > 0n) yield gapOf({ reason: reasonOfAll(joined), rows }, source, afterOrdinal);
    else for (const problem of joined) yield gapOf(problem, source, afterOrdinal);
    joined = [];
  };
  for (const problem of source.problems.take(below)) {
    if (!problem.isHarmless && problem.firstOrdinal === undefined) joined.push(problem);
    else {
      yield* endJoined();
      yield gapOf(problem, source, afterOrdinal);
    }
  }
  yield* endJoined();
}

function reasonOfAll(problems: readonly Problem[]): string {
  const reasons = [...new Set(problems.map(reasonOf))];
  const others = reasons.length - REASONS_NAMED_MAX;
  return `${reasons.slice(0, REASONS_NAMED_MAX).join('; ')}${others > 0 ? `; and ${others} more` : ''}`;
}

function reasonOf({ reason, more = 0 }: Problem): string {
  return more === 0 ? reason : `${reason}; and ${more} more behind it`;
}

function gapOf(problem: Problem, { options }: Source, afterOrdinal: bigint): Gap {
  const { bytes } = problem;
  const rows = problem.missingRows ?? problem.rows;
  return {
    kind: 'gap',
    stream: problem.stream ?? options.stream,
    afterOrdinal: problem.afterOrdinal ?? afterOrdinal,
    reason: reasonOf(problem),
    ...(rows !== undefined && { rows }),
    ...(bytes !== undefined && { bytes }),
  };
}
