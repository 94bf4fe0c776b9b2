import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

/** What a command reads from and writes to. */
export interface Terminal {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable & { readonly isTTY?: boolean };
}

/** Waits until there is room: there may be more jobs than memory. */
export async function print(stream: Writable, text: string): Promise<void> {
  if (!stream.write(text)) await once(stream, 'drain');
}

const INTERVAL_MS = 100;
const BAR_LENGTH = 30;

/** A line on a terminal that changes; nothing elsewhere. `total` is undefined when it is not known. */
export class Progress {
  private shownAtMs = -INTERVAL_MS;
  private isShown = false;

  constructor(
    private readonly stderr: Terminal['stderr'],
    private readonly total: number | undefined,
  ) {}

  show(done: number): void {
    const nowMs = performance.now();
    if (!this.stderr.isTTY || nowMs - this.shownAtMs < INTERVAL_MS) return;
    this.shownAtMs = nowMs;
    this.isShown = true;
    this.stderr.write(`\r${this.bar(done)} ${done} jobs\x1b[K`);
  }

  clear(): void {
    if (this.isShown) this.stderr.write('\r\x1b[K');
    this.isShown = false;
  }

  private bar(done: number): string {
    if (this.total === undefined) return '';
    const share = Math.min(1, done / Math.max(1, this.total));
    const filled = Math.round(share * BAR_LENGTH);
    return `[${'#'.repeat(filled)}${'-'.repeat(BAR_LENGTH - filled)}] ${Math.floor(share * 100)}%`;
  }
}
