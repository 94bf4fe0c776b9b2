import type { StateStore, Supports } from '../state-store.js';
import type { TestClock } from './clock.js';

/** What the author of a store opens for each case. */
export interface StoreUnderTest {
  /** Empty. */
  readonly store: StateStore;
  /** Opens the same data once more; the store opened before is closed by then. A must for `supports.durable`. */
  reopen?(): Promise<StateStore>;
  /** Opens the same data once more beside the store, as another service does on a medium that several share. */
  second?(): Promise<StateStore>;
  /** Removes the data. Called once, after everything is closed, also when the case failed. */
  dispose(): Promise<void>;
}

/** The store of one case, and how to open it again. */
export class Subject {
  readonly supports: Supports;
  readonly clock: TestClock;
  /** For random cases: the same seed, the same case. */
  readonly seed: number;
  private readonly under: StoreUnderTest;
  private readonly others: StateStore[] = [];
  private current: StateStore;
  private opened = 1;

  constructor(under: StoreUnderTest, supports: Supports, clock: TestClock, seed: number) {
    this.under = under;
    this.supports = supports;
    this.clock = clock;
    this.seed = seed;
    this.current = under.store;
  }

  get store(): StateStore {
    return this.current;
  }

  /** Whether the store of now has found its jobs again. */
  get isReopened(): boolean {
    return this.opened > 1;
  }

  async reopen(): Promise<StateStore> {
    await this.current.close();
    if (this.under.reopen === undefined) throw new TypeError('a durable store needs `reopen` to be tested');
    this.opened++;
    this.current = await this.under.reopen();
    return this.current;
  }

  /** Another one on the same data where that can be, else the same. */
  async second(): Promise<StateStore> {
    if (this.under.second === undefined) return this.current;
    const store = await this.under.second();
    this.others.push(store);
    return store;
  }

  /** What holds now must hold after a restart too. */
  async check(look: (store: StateStore) => Promise<void>): Promise<void> {
    await look(this.store);
    if (this.supports.durable) await look(await this.reopen());
  }

  async dispose(): Promise<void> {
    try {
      for (const store of [...this.others, this.current]) await store.close();
    } finally {
      await this.under.dispose();
    }
  }
}
