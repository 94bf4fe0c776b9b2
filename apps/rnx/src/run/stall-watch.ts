/** Measures for how long at the most persist took nothing, although rows waited for it whenever it was looked. */
export class StallWatch {
  private readonly nowMs: () => number;
  private sentRows = -1;
  private sinceMs = 0;
  private longest = 0;

  constructor(nowMs: () => number) {
    this.nowMs = nowMs;
  }

  get longestMs(): number {
    return this.longest;
  }

  /** Looks at the count of sent rows; to be called only while rows wait. */
  look(sentRows: number): void {
    const nowMs = this.nowMs();
    if (sentRows !== this.sentRows) this.sinceMs = nowMs;
    this.sentRows = sentRows;
    this.longest = Math.max(this.longest, nowMs - this.sinceMs);
  }
}
