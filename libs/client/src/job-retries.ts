import { backOffMs } from './back-off.js';
import { RETRY_DELAY_MAX_MS, RETRY_DELAY_MS } from './limits.js';

interface Retry {
  attempts: number;
  timer: NodeJS.Timeout;
}

/** When jobs that the service could not store are tried again: each by itself, with longer pauses each time. */
export class JobRetries {
  private readonly retries = new Map<string, Retry>();

  constructor(
    private readonly random: () => number,
    private readonly onDue: (uuid: string) => void,
  ) {}

  /** `onDue` is told when it is time. Whether this is the first time since it was stored. */
  failed(uuid: string): boolean {
    const before = this.retries.get(uuid);
    const attempts = before?.attempts ?? 0;
    const limits = { firstMs: RETRY_DELAY_MS, mostMs: RETRY_DELAY_MAX_MS, random: this.random };
    clearTimeout(before?.timer);
    const timer = setTimeout(() => this.onDue(uuid), backOffMs(attempts, limits));
    this.retries.set(uuid, { attempts: attempts + 1, timer });
    return before === undefined;
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
