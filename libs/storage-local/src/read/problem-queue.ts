import { PROBLEMS_HELD_MAX } from '../limits.js';

/** Something missing that was found before the head of a source. */
export interface Problem {
  readonly reason: string;
  /** Neighbours of one kind become one problem. Absent: this one stays by itself. */
  readonly kind?: string;
  rows?: bigint;
  readonly bytes?: bigint;
  readonly stream?: number;
  readonly afterOrdinal?: bigint;
  /** The ordinals that it may concern; absent: not known. */
  readonly firstOrdinal?: bigint;
  lastOrdinal?: bigint;
  /** It is about rows whose ordinals are not missing: no hole comes from it. */
  readonly isHarmless?: boolean;
  /** Ordinals that it explains so far. */
  missingRows?: bigint;
  /** Others that have become one with it. */
  more?: number;
}

/**
 * What is missing before the head of a source, in the order of the file, in which ordinals ascend. It is asked for
 * ordinals that ascend too: each look goes on where the last one ended, however many problems there are.
 */
export class ProblemQueue {
  /** About rows left out, by reason: they come before the others. */
  private readonly notes = new Map<string, Problem>();
  private problems: Problem[] = [];
  private taken = 0;
  private readonly known = new Lookup();
  private readonly vague = new Lookup();
  private readonly bounded = new Lookup();

  get isEmpty(): boolean {
    return this.taken === this.problems.length && this.notes.size === 0;
  }

  add(problem: Problem): void {
    const index = this.problems.length - 1;
    const last = index >= this.taken ? this.problems[index] : undefined;
    if (last && (isNeighbour(last, problem) || index - this.taken >= PROBLEMS_HELD_MAX)) {
      last.more = (last.more ?? 0) + 1 + (problem.more ?? 0);
      if (last.rows !== undefined && problem.rows !== undefined) last.rows += problem.rows;
      else delete last.rows;
      if (problem.lastOrdinal === undefined) delete last.lastOrdinal;
      else if (last.lastOrdinal !== undefined && problem.lastOrdinal > last.lastOrdinal)
        last.lastOrdinal = problem.lastOrdinal;
      return;
    }
    const at = this.problems.push({ ...problem }) - 1;
    if (problem.lastOrdinal !== undefined) this.bounded.indexes.push(at);
    if (problem.isHarmless) return;
    (problem.firstOrdinal === undefined ? this.vague : this.known).indexes.push(at);
  }

  /** Counts rows that were left out for this reason. */
  note(reason: string, rows: bigint): void {
    const before = this.notes.get(reason)?.rows ?? 0n;
    this.notes.set(reason, { reason, rows: before + rows, isHarmless: true });
  }

  /** The first of those that name ordinals, none of them below this one. */
  nextKnown(ordinal: bigint): Problem | undefined {
    return this.known.skipBelow(ordinal, this.problems, this.taken);
  }

  /** The first of those that may concern any ordinals from this one on. */
  nextVague(ordinal: bigint): Problem | undefined {
    return this.vague.skipBelow(ordinal, this.problems, this.taken);
  }

  /** Takes all, or those up to the last one that lies wholly below the ordinal. */
  *take(below: bigint | undefined): Generator<Problem> {
    let end = this.problems.length;
    if (below !== undefined) {
      this.bounded.skipBelow(below, this.problems, this.taken);
      end = Math.max(this.taken, this.bounded.skipped + 1);
      if (end === this.taken) return;
    }
    const notes = [...this.notes.values()];
    const { problems, taken } = this;
    this.notes.clear();
    this.taken = end;
    if (end === problems.length) this.reset();
    yield* notes;
    for (let index = taken; index < end; index++) yield problems[index];
  }

  private reset(): void {
    this.problems = [];
    this.taken = 0;
    for (const lookup of [this.known, this.vague, this.bounded]) lookup.reset();
  }
}

/** Some of the problems, and how far they have been looked at. */
class Lookup {
  indexes: number[] = [];
  /** The last one that was stepped over; -1: none. */
  skipped = -1;
  private pos = 0;

  skipBelow(ordinal: bigint, problems: readonly Problem[], taken: number): Problem | undefined {
    for (; this.pos < this.indexes.length; this.pos++) {
      const index = this.indexes[this.pos];
      const { lastOrdinal } = problems[index];
      if (index >= taken && (lastOrdinal === undefined || lastOrdinal >= ordinal)) return problems[index];
      this.skipped = index;
    }
    return undefined;
  }

  reset(): void {
    this.indexes = [];
    this.skipped = -1;
    this.pos = 0;
  }
}

function isNeighbour(last: Problem, next: Problem): boolean {
  if (last.kind === undefined || last.kind !== next.kind) return false;
  if (next.firstOrdinal === undefined)
    return last.firstOrdinal === undefined && last.lastOrdinal === next.lastOrdinal;
  return last.firstOrdinal !== undefined && last.lastOrdinal === next.firstOrdinal - 1n;
}
