/** What a store under test takes as its time. */
export interface Clock {
  /** Unix time in milliseconds; needs no `this`. */
  readonly now: () => number;
}

/** A clock that the cases move. It starts at the real time, for media that look at their own. */
export class TestClock implements Clock {
  private time = Date.now();

  readonly now = (): number => this.time;

  advance(milliseconds: number): void {
    this.time += milliseconds;
  }
}
