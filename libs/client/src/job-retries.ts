import { backOffMs } from './back-off.js';
import { RETRY_DELAY_MAX_MS, RETRY_DELAY_MS } from './limits.js';

interface Retry {
  readonly attempts: number;
  readonly isTold: boolean;
  readonly timer: NodeJS.Timeout;
}

/** When jobs that the service could not store are tried again: each by itself, with longer pauses each time. */
export class JobRetries {
  private readonly retries = new Map<string, Retry>();

  constructor(
    private readonly random: () => number,
    private readonly onDue: (uuid: string) => void,
  ) {}

  /**
   * `onDue` is told when it is time. Whether somebody should be told: once, until it is over; not of what may have been
   * another's fault, unless it happens again.
   */
  failed(uuid: string, { isItsFault }: { isItsFault: boolean }): boolean {
    const { attempts = 0, isTold = false, timer: before } = this.retries.get(uuid) ?? {};
    const limits = { firstMs: RETRY_DELAY_MS, mostMs: RETRY_DELAY_MAX_MS, random: this.random };
    clearTimeout(before);
    const timer = setTimeout(() => this.onDue(uuid), backOffMs(attempts, limits));
    const isToBeTold = !isTold && (isItsFault || attempts > 0);
    this.retries.set(uuid, { attempts: attempts + 1, isTold: isTold || isToBeTold, timer });
    return isToBeTold;
  }

  /** It is stored, or is not to be. */
  over(uuid: string): void {
    clearTimeout(this.retries.get(uuid)?.timer);
    this.retries.delete(uuid);
  }

  close(): void {
    for (const uuid of [...this.retries.keys()]) this.over(uuid);
  }
}
