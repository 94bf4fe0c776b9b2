/**
 * What the service has to be told of a job: that it is new, another, gone, or gone and there again (`replace`). Its content
 * is that of the cache at the time of sending.
 */
export type ChangeKind = 'create' | 'update' | 'delete' | 'replace';

export interface Change {
  readonly kind: ChangeKind;
  /** Fields that the job had and does not have any more: the service is told so by null. */
  readonly removed: ReadonlySet<string>;
}

/**
 * Changes of jobs that the service does not have yet, at most one waiting for each job, in the order in which the jobs
 * changed first. Those of one job are sent one after the other.
 */
export class UnstoredChanges {
  private readonly waiting = new Map<string, Change>();
  private readonly sending = new Map<string, Change>();

  constructor(private readonly jobsMax: number) {}

  get size(): number {
    let both = 0;
    for (const uuid of this.sending.keys()) if (this.waiting.has(uuid)) both++;
    return this.waiting.size + this.sending.size - both;
  }

  get inFlight(): number {
    return this.sending.size;
  }

  /** Of the jobs that wait or are being sent. */
  uuids(): string[] {
    return [...new Set([...this.sending.keys(), ...this.waiting.keys()])];
  }

  has(uuid: string): boolean {
    return this.waiting.has(uuid) || this.sending.has(uuid);
  }

  /** False: there are too many jobs with changes, and this one is not among them. */
  add(uuid: string, change: Change): boolean {
    const before = this.waiting.get(uuid);
    if (before === undefined && !this.sending.has(uuid) && this.size >= this.jobsMax) return false;
    this.waiting.set(uuid, before === undefined ? change : merged(before, change));
    return true;
  }

  /** The next one that may be sent; it is being sent from now on. */
  take(): { readonly uuid: string; readonly change: Change } | undefined {
    for (const [uuid, change] of this.waiting) {
      if (this.sending.has(uuid)) continue;
      this.waiting.delete(uuid);
      this.sending.set(uuid, change);
      return { uuid, change };
    }
    return undefined;
  }

  /** The service has it, or has refused it. */
  done(uuid: string): void {
    this.sending.delete(uuid);
  }

  /** It has to be sent again, with what has come behind it. */
  putBack(uuid: string): void {
    const change = this.sending.get(uuid);
    if (change === undefined) return;
    this.sending.delete(uuid);
    const later = this.waiting.get(uuid);
    this.waiting.set(uuid, later === undefined ? change : merged(change, later));
  }

  /** Takes all that waits, for what makes it needless; `restore` gives it back. */
  takeAll(): ReadonlyMap<string, Change> {
    const all = new Map(this.waiting);
    this.waiting.clear();
    return all;
  }

  restore(changes: ReadonlyMap<string, Change>): void {
    const later = this.takeAll();
    for (const [uuid, change] of changes) this.waiting.set(uuid, change);
    for (const [uuid, change] of later) {
      const before = this.waiting.get(uuid);
      this.waiting.set(uuid, before === undefined ? change : merged(before, change));
    }
  }
}

function merged(before: Change, later: Change): Change {
  return {
    kind: mergedKind(before.kind, later.kind),
    removed: new Set([...before.removed, ...later.removed]),
  };
}

function mergedKind(before: ChangeKind, later: ChangeKind): ChangeKind {
  if (later === 'delete' || later === 'replace') return later;
  if (before === 'delete') return 'replace';
  return before;
}
