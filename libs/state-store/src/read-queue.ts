import { setImmediate } from 'node:timers/promises';

export interface ReadQueueOptions {
  /** Fetches under way at a time. */
  readonly fetchesAtOnce: number;
  /** Uuids of one fetch. */
  readonly uuidsMax: number;
}

interface Waiting<T> {
  readonly uuid: string;
  readonly resolve: (found: T | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * What is asked for at about the same time, or while others are fetched, is fetched in one go: for media where a request
 * costs more than a record. Its callers bound it.
 */
export class ReadQueue<T> {
  private readonly fetch: (uuids: readonly string[]) => Promise<ReadonlyMap<string, T>>;
  private readonly options: ReadQueueOptions;
  private waiting: Waiting<T>[] = [];
  private underWay = 0;

  /** `fetch` gives what is there by uuid; it begins after the calls that it answers. */
  constructor(
    fetch: (uuids: readonly string[]) => Promise<ReadonlyMap<string, T>>,
    options: ReadQueueOptions,
  ) {
    this.fetch = fetch;
    this.options = options;
  }

  get(uuid: string): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ uuid, resolve, reject });
      if (this.underWay < this.options.fetchesAtOnce) void this.run();
    });
  }

  /** Rejects never. Ends in the same step in which it finds nothing waiting: what comes later starts it again. */
  private async run(): Promise<void> {
    this.underWay++;
    while (this.waiting.length > 0) {
      // What has just been asked for by others gets in too.
      await setImmediate();
      await this.fetchAll(this.waiting.splice(0, this.options.uuidsMax));
    }
    this.underWay--;
  }

  private async fetchAll(reads: readonly Waiting<T>[]): Promise<void> {
    if (reads.length === 0) return;
    try {
      const found = await this.fetch([...new Set(reads.map(({ uuid }) => uuid))]);
      for (const { uuid, resolve } of reads) resolve(found.get(uuid));
    } catch (error) {
      for (const { reject } of reads) reject(error);
    }
  }
}
