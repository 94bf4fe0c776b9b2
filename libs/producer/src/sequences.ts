/**
 * Numbers from 0 for each job. Memory is bounded: of jobs that are not heard of, at least the last `jobsMin` are
 * remembered, and never more than twice as many.
 */
export class Sequences {
  private readonly jobsMin: number;
  private recent = new Map<string, bigint>();
  private older = new Map<string, bigint>();

  constructor(jobsMin: number) {
    this.jobsMin = jobsMin;
  }

  next(jobId: string): bigint {
    const sequence = this.recent.get(jobId) ?? this.older.get(jobId) ?? 0n;
    if (this.recent.size >= this.jobsMin && !this.recent.has(jobId)) {
      this.older = this.recent;
      this.recent = new Map();
    }
    this.recent.set(jobId, sequence + 1n);
    return sequence;
  }
}
