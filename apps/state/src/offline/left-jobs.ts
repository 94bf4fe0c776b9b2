import { messageOf } from '@joblet/service';
import type { Progress, Terminal } from './terminal.js';
import { print } from './terminal.js';

/** Jobs that are told by name; the others are only counted. */
const TOLD_MAX = 20;

/** Tells what is not there. */
export class LeftJobs {
  private left = 0;

  constructor(
    private readonly stderr: Terminal['stderr'],
    private readonly progress: Progress,
  ) {}

  get count(): number {
    return this.left;
  }

  async tell(what: string, reason: string): Promise<void> {
    this.left++;
    if (this.left > TOLD_MAX) return;
    this.progress.clear();
    await print(this.stderr, `state: ${messageOf(what)}: ${messageOf(reason)}\n`);
  }

  /** Whether there was none. */
  async end(): Promise<boolean> {
    if (this.left > TOLD_MAX) await print(this.stderr, `state: and ${this.left - TOLD_MAX} more\n`);
    return this.left === 0;
  }
}
