import { setImmediate } from 'node:timers/promises';
import type { JobRecord, NewJob } from '@joblet/state-store';
import type { Change, Outcome } from './commit.js';
import { BATCH_BYTES_MAX, BATCH_CHANGES_MAX } from './limits.js';

/** What a change is of. */
export interface Asked {
  readonly uuid: string;
  /** Unix time in milliseconds. */
  readonly now: number;
  /** What is given; undefined: a delete. */
  readonly job?: NewJob;
}

interface Waiting {
  readonly change: Change;
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

type Exclusive = () => Promise<void>;

/** Group commit: what is asked for while a batch is on its way to the disk makes the next batch. Its callers bound it. */
export class ChangeQueue {
  private readonly commit: (changes: readonly Change[]) => Promise<Outcome[]>;
  private waiting: (Waiting | Exclusive)[] = [];
  private isRunning = false;

  constructor(commit: (changes: readonly Change[]) => Promise<Outcome[]>) {
    this.commit = commit;
  }

  /** Resolves with what is stored, when it is on the disk. */
  change<R extends JobRecord>(
    { uuid, now, job }: Asked,
    apply: (record: JobRecord | undefined) => R,
  ): Promise<R> {
    return new Promise((resolve, reject) => {
      let written: R;
      const change = { uuid, now, apply: (record: JobRecord | undefined) => (written = apply(record)) };
      this.waiting.push({
        change,
        bytes: job === undefined ? 0 : sizeOf(job),
        resolve: () => resolve(written),
        reject,
      });
      this.start();
    });
  }

  /** Does it when all changes before are committed, and before any later one is. */
  alone<T>(action: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.waiting.push(() => action().then(resolve, reject));
      this.start();
    });
  }

  private start(): void {
    if (!this.isRunning) void this.run();
  }

  /** Rejects never. Ends in the same step in which it finds nothing waiting: what comes later starts it again. */
  private async run(): Promise<void> {
    this.isRunning = true;
    while (this.waiting.length > 0) {
      // Those whose last change has just been committed, and those whose requests have just come in, get in too.
      await setImmediate();
      const next = this.take();
      if (typeof next === 'function') await next();
      else await this.commitAll(next);
    }
    this.isRunning = false;
  }

  /** The changes up to the next exclusive action, or that action. */
  private take(): Waiting[] | Exclusive {
    const changes: Waiting[] = [];
    let bytes = 0;
    for (const next of this.waiting) {
      if (typeof next === 'function' || changes.length === BATCH_CHANGES_MAX) break;
      changes.push(next);
      bytes += next.bytes;
      if (bytes >= BATCH_BYTES_MAX) break;
    }
    const [first] = this.waiting;
    this.waiting = this.waiting.slice(Math.max(1, changes.length));
    return typeof first === 'function' ? first : changes;
  }

  private async commitAll(changes: readonly Waiting[]): Promise<void> {
    let outcomes: Outcome[];
    try {
      outcomes = await this.commit(changes.map(({ change }) => change));
    } catch (error) {
      for (const { reject } of changes) reject(error);
      return;
    }
    for (const [index, { resolve, reject }] of changes.entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined) resolve();
      else reject(outcome.error);
    }
  }
}

/** Characters: nearly always bytes. */
function sizeOf({ fields }: NewJob): number {
  let size = 0;
  for (const text of fields.values()) size += text.length;
  return size;
}
