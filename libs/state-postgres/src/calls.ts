import { StateStoreError } from '@joblet/state-store';
import { CALLS_MAX } from './limits.js';

/** The calls under way: at most CALLS_MAX, and none after `close`. */
export class Calls {
  private underWay = 0;
  private closed: Promise<void> | undefined;
  private whenIdle: (() => void) | undefined;

  get isClosed(): boolean {
    return this.closed !== undefined;
  }

  async run<T>(call: () => Promise<T>): Promise<T> {
    if (this.isClosed) throw StateStoreError.closed();
    if (this.underWay >= CALLS_MAX) {
      throw new StateStoreError('UNAVAILABLE', `${CALLS_MAX} calls are under way; no more are taken`);
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
