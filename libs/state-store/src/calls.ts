import { StateStoreError } from './state-store-error.js';

/** A store's calls under way: a bounded number of them, and none after `close`, which waits for those that there are. */
export class Calls {
  private readonly medium: string;
  private readonly callsMax: number;
  private underWay = 0;
  private closed: Promise<void> | undefined;
  private whenIdle: (() => void) | undefined;

  /** `medium`: for messages. */
  constructor(medium: string, callsMax: number) {
    this.medium = medium;
    this.callsMax = callsMax;
  }

  /** CLOSED; UNAVAILABLE when there are too many. */
  async run<T>(call: () => Promise<T>): Promise<T> {
    if (this.closed !== undefined) throw StateStoreError.closed();
    if (this.underWay >= this.callsMax) {
      throw new StateStoreError(
        'UNAVAILABLE',
        `${this.medium}: ${this.callsMax} calls are under way; no more are taken`,
      );
    }
    this.underWay++;
    try {
      return await call();
    } finally {
      if (--this.underWay === 0) this.whenIdle?.();
    }
  }

  /** Waits for the calls under way, then releases what they use. Further closes wait for the first. */
  close(release: () => Promise<void>): Promise<void> {
    this.closed ??= this.drained().then(release);
    return this.closed;
  }

  private async drained(): Promise<void> {
    if (this.underWay > 0) await new Promise<void>((resolve) => (this.whenIdle = resolve));
  }
}
