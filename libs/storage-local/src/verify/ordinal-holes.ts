/** Ordinals that follow each other, both ends included. */
export interface OrdinalRun {
  readonly first: bigint;
  readonly last: bigint;
}

export function runsOf(ordinals: BigUint64Array): OrdinalRun[] {
  const runs: OrdinalRun[] = [];
  for (let row = 0; row < ordinals.length;) {
    const first = ordinals[row];
    let last = first;
    while (++row < ordinals.length && ordinals[row] === last + 1n) last++;
    runs.push({ first, last });
  }
  return runs;
}

/**
 * The ordinals between the first and the last that no source has. Each source gives its runs in pieces, ascending; one piece of
 * each is in memory.
 */
export async function* ordinalHoles(
  sources: readonly AsyncIterable<readonly OrdinalRun[]>[],
): AsyncGenerator<OrdinalRun> {
  const cursors = sources.map((source) => new Cursor(source[Symbol.asyncIterator]()));
  for (const cursor of cursors) await cursor.next();
  let next: bigint | undefined;
  for (;;) {
    let least: Cursor | undefined;
    for (const cursor of cursors) {
      if (cursor.run && (!least?.run || cursor.run.first < least.run.first)) least = cursor;
    }
    if (!least?.run) return;
    const { first, last } = least.run;
    if (next !== undefined && first > next) yield { first: next, last: first - 1n };
    if (next === undefined || last >= next) next = last + 1n;
    await least.next();
  }
}

class Cursor {
  run: OrdinalRun | undefined;
  private readonly pieces: AsyncIterator<readonly OrdinalRun[]>;
  private piece: readonly OrdinalRun[] = [];
  private at = 0;

  constructor(pieces: AsyncIterator<readonly OrdinalRun[]>) {
    this.pieces = pieces;
  }

  async next(): Promise<void> {
    while (this.at === this.piece.length) {
      const step = await this.pieces.next();
      if (step.done) return void (this.run = undefined);
      this.piece = step.value;
      this.at = 0;
    }
    this.run = this.piece[this.at++];
  }
}
