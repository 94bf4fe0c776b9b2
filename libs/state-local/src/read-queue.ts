import { setImmediate } from 'node:timers/promises';

interface Waiting {
  readonly uuid: string;
  readonly resolve: (value: string | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** Reads that are asked for at about the same time are made in one call: a call costs more than a read. Its callers bound it. */
export class ReadQueue {
  private readonly fetch: (uuids: readonly string[]) => Promise<ReadonlyMap<string, string>>;
  private waiting: Waiting[] = [];
  private isRunning = false;

  constructor(fetch: (uuids: readonly string[]) => Promise<ReadonlyMap<string, string>>) {
    this.fetch = fetch;
  }

  /** The stored text of the job's record. */
  get(uuid: string): Promise<string | undefined> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ uuid, resolve, reject });
      if (!this.isRunning) void this.run();
    });
  }

  /** Rejects never. Ends in the same step in which it finds nothing waiting: what comes later starts it again. */
  private async run(): Promise<void> {
    this.isRunning = true;
    while (this.waiting.length > 0) {
      await setImmediate();
      const reads = this.waiting;
      this.waiting = [];
      await this.fetchAll(reads);
    }
    this.isRunning = false;
  }

  private async fetchAll(reads: readonly Waiting[]): Promise<void> {
    try {
      const values = await this.fetch([...new Set(reads.map(({ uuid }) => uuid))]);
      for (const { uuid, resolve } of reads) resolve(values.get(uuid));
    } catch (error) {
      for (const { reject } of reads) reject(error);
    }
  }
}
