import type { Supports } from '../features.js';
import type { LogStore } from '../log-store.js';

/** What the author of a store opens for each case. */
export interface StoreUnderTest {
  /** Empty. */
  readonly store: LogStore;
  /** Opens the same data once more; the store opened before is closed by then. A must for `supports.durable`. */
  reopen?(): Promise<LogStore>;
  /** Removes the data. Called once, after everything is closed, also when the case failed. */
  dispose(): Promise<void>;
}

/** The store of one case, and how to open it again. */
export class Subject {
  readonly supports: Supports;
  /** For random cases: the same seed, the same case. */
  readonly seed: number;
  private readonly under: StoreUnderTest;
  private current: LogStore;
  private opened = 1;

  constructor(under: StoreUnderTest, supports: Supports, seed: number) {
    this.under = under;
    this.supports = supports;
    this.seed = seed;
    this.current = under.store;
  }

  get store(): LogStore {
    return this.current;
  }

  /** Whether the store of now has found its rows again. */
  get isReopened(): boolean {
    return this.opened > 1;
  }

  async reopen(): Promise<LogStore> {
    await this.current.close();
    if (this.under.reopen === undefined) throw new TypeError('a durable store needs `reopen` to be tested');
    this.opened++;
    this.current = await this.under.reopen();
    return this.current;
  }

  /** What holds now must hold after a restart too, when the rows come from where they are kept for long. */
  async check(look: (store: LogStore) => Promise<void>): Promise<void> {
    await look(this.store);
    if (this.supports.durable) await look(await this.reopen());
  }

  async dispose(): Promise<void> {
    try {
      await this.current.close();
    } finally {
      await this.under.dispose();
    }
  }
}
