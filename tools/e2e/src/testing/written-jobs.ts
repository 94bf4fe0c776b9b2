import { expect } from '@jest/globals';
import type { LineClient } from './line-client.js';

const UNTIL_MS = 60_000;

const UPDATES_EACH = 5;

/** Jobs that several clients create and update, and what they were told of them. */
export class WrittenJobs {
  /** Changes. */
  acknowledged = 0;
  refused = 0;
  /** By uuid the last change that was acknowledged: 0 is the create. */
  private readonly last = new Map<string, number>();
  private readonly tried = new Map<string, number>();

  /** Job after job until it is told to stop; one of which a change was refused is left as it is. */
  async write(client: LineClient, name: string, stop: { readonly over: boolean }): Promise<void> {
    for (let number = 0; !stop.over; number++) {
      const uuid = `${name}-${number}`;
      for (let pid = 0; pid <= UPDATES_EACH; pid++) {
        this.tried.set(uuid, pid);
        const answer = await client.ask({ op: pid === 0 ? 'create' : 'update', job: jobOf(uuid, pid) });
        if (!answer.success) {
          expect(answer).toMatchObject({ code: 'UNAVAILABLE' });
          this.refused++;
          break;
        }
        this.last.set(uuid, pid);
        this.acknowledged++;
      }
    }
  }

  async until(condition: () => boolean): Promise<void> {
    const deadline = performance.now() + UNTIL_MS;
    while (!condition()) {
      if (performance.now() > deadline) throw new Error(`not so within ${UNTIL_MS} ms: ${condition}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Each as it was acknowledged, or as the next change would have made it, and whole. */
  expectAllIn(jobs: readonly Record<string, unknown>[]): void {
    const found = new Map(jobs.map((job) => [job['uuid'] as string, job]));
    const isLost = ([uuid, pid]: [string, number]): boolean => {
      const stored = found.get(uuid)?.['pid'];
      return stored !== pid && stored !== this.tried.get(uuid);
    };
    expect([...this.last].filter(isLost)).toEqual([]);
    for (const [uuid, job] of found) {
      const pid = job['pid'] as number;
      expect(job).toMatchObject({ ...jobOf(uuid, pid), version: pid + 1 });
    }
  }
}

function jobOf(uuid: string, pid: number) {
  return {
    uuid,
    pid,
    nodeId: 'killed',
    status: pid === UPDATES_EACH ? 'COMPLETED' : 'RUNNING',
    args: [String(pid).repeat(1_000)],
  };
}
