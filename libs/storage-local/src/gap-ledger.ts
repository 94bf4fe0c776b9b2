import type { Gap } from '@joblet/storage';
import type { Problem, RowSource } from './row-source.js';
import type { StoredRow } from './row-kind.js';

type Source = RowSource<StoredRow>;

const NO_GAPS: readonly Gap[] = [];

/**
 * Which gap tells of which loss. What a source lacks before its head is reported once, as soon as it is known how many
 * ordinals it has cost, with the ordinal of the row that was given last: pages of an answer, put together, have it once.
 */
export class GapLedger {
  private readonly sources: readonly Source[];

  constructor(sources: readonly Source[]) {
    this.sources = sources;
  }

  /** The gaps that come before the row of `source` that has `ordinal`; `nextOrdinal` is behind the row given last. */
  before(ordinal: bigint, nextOrdinal: bigint, source: Source): readonly Gap[] {
    const afterOrdinal = nextOrdinal - 1n;
    if (ordinal === nextOrdinal && this.sources.every(({ problems }) => problems.length === 0))
      return NO_GAPS;
    const gaps: Gap[] = [];
    if (ordinal > nextOrdinal) gaps.push(...this.blame(ordinal, nextOrdinal, source));
    for (const candidate of this.sources) {
      if (candidate.problems.length === 0) continue;
      const count =
        candidate === source ? candidate.problems.length : countBelow(candidate.problems, ordinal);
      gaps.push(...takeGaps(candidate, count, afterOrdinal));
    }
    return gaps;
  }

  /** The gaps behind all rows; `end` is behind the highest ordinal that is known of. */
  atEnd(end: bigint, nextOrdinal: bigint): Gap[] {
    const gaps = end > nextOrdinal ? this.blame(end, nextOrdinal, undefined) : [];
    for (const source of this.sources) {
      gaps.push(...takeGaps(source, source.problems.length, nextOrdinal - 1n));
    }
    return gaps;
  }

  /** The head of the source has an ordinal that another row has had. */
  leaveOut(source: Source, isCopy: boolean): void {
    const reason = isCopy
      ? `rows that are there twice are given once: ${source.options.path}`
      : `rows have ordinals that belong to other rows, and are left out: ${source.options.path}`;
    const rows = isCopy ? 0n : 1n;
    const index = source.problems.findIndex((problem) => problem.reason === reason);
    const before = index < 0 ? 0n : source.problems[index].rows!;
    source.problems.splice(index < 0 ? 0 : index, index < 0 ? 0 : 1, {
      reason,
      rows: before + rows,
      isHarmless: true,
    });
  }

  /**
   * Ordinals from `nextOrdinal` up to `ordinal` are in no file. A source that lacks something before its head explains
   * them: they are counted for its gap, one for all holes that the loss has made between the rows of other sources.
   * What nobody explains is a gap by itself.
   */
  private blame(ordinal: bigint, nextOrdinal: bigint, source: Source | undefined): Gap[] {
    const gaps: Gap[] = [];
    const candidates = source ? [source, ...this.sources] : this.sources;
    for (let from = nextOrdinal; from < ordinal;) {
      const lacking = candidates.flatMap(({ problems }) =>
        problems.filter((problem) => explains(problem, from)),
      );
      // A damaged member whose header is right is sure to have cost its ordinals, and no others.
      const blamed = lacking.find(({ firstOrdinal }) => firstOrdinal !== undefined) ?? lacking[0];
      const to = this.nextBorder(from, ordinal);
      const rows = to - from;
      const previous = gaps.at(-1);
      if (blamed) blamed.missingRows = (blamed.missingRows ?? 0n) + rows;
      else if (previous) gaps[gaps.length - 1] = { ...previous, rows: previous.rows! + rows };
      else {
        const reason = 'rows with these ordinals are in no file';
        gaps.push({ kind: 'gap', stream: 0, afterOrdinal: nextOrdinal - 1n, rows, reason });
      }
      from = to;
    }
    return gaps;
  }

  /** Up to where the ordinals behind `from` have the same explanation. */
  private nextBorder(from: bigint, end: bigint): bigint {
    let border = end;
    for (const { problems } of this.sources) {
      for (const { firstOrdinal, lastOrdinal } of problems) {
        for (const at of [firstOrdinal, lastOrdinal === undefined ? undefined : lastOrdinal + 1n]) {
          if (at !== undefined && at > from && at < border) border = at;
        }
      }
    }
    return border;
  }
}

function explains({ isHarmless, firstOrdinal, lastOrdinal }: Problem, ordinal: bigint): boolean {
  if (isHarmless || (firstOrdinal !== undefined && firstOrdinal > ordinal)) return false;
  return lastOrdinal === undefined || lastOrdinal >= ordinal;
}

/** How many of the problems, from the first on, lie wholly below the ordinal. */
function countBelow(problems: readonly Problem[], ordinal: bigint): number {
  let count = 0;
  problems.forEach(({ lastOrdinal }, index) => {
    if (lastOrdinal !== undefined && lastOrdinal < ordinal) count = index + 1;
  });
  return count;
}

/**
 * The first problems of the source as gaps. Ordinals that are missing around several losses that lie side by side
 * cannot be told apart: they make one gap.
 */
function takeGaps(source: Source, count: number, afterOrdinal: bigint): Gap[] {
  const gaps: Gap[] = [];
  let joined: Problem[] = [];
  const endJoined = (): void => {
    const rows = joined.reduce((sum, { missingRows = 0n }) => sum + missingRows, 0n);
    const reason = [...new Set(joined.map((problem) => problem.reason))].join('; ');
    if (rows > 0n) gaps.push(gapOf({ reason, rows }, source, afterOrdinal));
    else gaps.push(...joined.map((problem) => gapOf(problem, source, afterOrdinal)));
    joined = [];
  };
  for (const problem of source.problems.splice(0, count)) {
    if (!problem.isHarmless && problem.firstOrdinal === undefined) joined.push(problem);
    else {
      endJoined();
      gaps.push(gapOf(problem, source, afterOrdinal));
    }
  }
  endJoined();
  return gaps;
}

function gapOf(problem: Problem, { options }: Source, afterOrdinal: bigint): Gap {
  const { reason, bytes } = problem;
  const rows = problem.missingRows ?? problem.rows;
  return {
    kind: 'gap',
    stream: problem.stream ?? options.stream,
    afterOrdinal: problem.afterOrdinal ?? afterOrdinal,
    reason,
    ...(rows !== undefined && { rows }),
    ...(bytes !== undefined && { bytes }),
  };
}
