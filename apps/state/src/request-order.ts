import type { StateRequest } from '@joblet/state-store';

/**
 * Lets the requests of one connection run at the same time as far as nobody can tell it from one after the other: those
 * of one job in the order in which they came, a list or a sync after all that came before it. What comes behind a list or
 * a sync must not be given before `isBlocked` is false.
 */
export class RequestOrder {
  /** The latest request of each job under way. */
  private readonly latest = new Map<string, Promise<unknown>>();
  private isAlone = false;

  get isBlocked(): boolean {
    return this.isAlone;
  }

  /** Runs `work`, which does not reject, when its turn has come. */
  run<Result>(request: StateRequest, work: () => Promise<Result>): Promise<Result> {
    if (request.op === 'ping') return work();
    const uuid = uuidOf(request);
    return uuid === undefined ? this.runAlone(work) : this.runForJob(uuid, work);
  }

  private async runAlone<Result>(work: () => Promise<Result>): Promise<Result> {
    this.isAlone = true;
    try {
      await Promise.all(this.latest.values());
      return await work();
    } finally {
      this.isAlone = false;
    }
  }

  private async runForJob<Result>(uuid: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.latest.get(uuid);
    const running = before === undefined ? work() : before.then(work);
    this.latest.set(uuid, running);
    try {
      return await running;
    } finally {
      if (this.latest.get(uuid) === running) this.latest.delete(uuid);
    }
  }
}

/** Undefined: it is about several. */
function uuidOf(request: Exclude<StateRequest, { op: 'ping' }>): string | undefined {
  switch (request.op) {
    case 'create':
    case 'update':
      return request.job.uuid;
    case 'get':
    case 'delete':
      return request.uuid;
    case 'list':
    case 'sync':
      return undefined;
  }
}
