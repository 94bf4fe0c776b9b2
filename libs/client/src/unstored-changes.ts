/**
 * What the service has to be told of a job: that it is new, another, gone, or gone and there again (`replace`). Its content
 * is that of the cache at the time of sending.
 */
export type ChangeKind = 'create' | 'update' | 'delete' | 'replace';

export interface Change {
  readonly kind: ChangeKind;
  /** Of the job before the change, which is what the service may have. */
  readonly owner: string;
  /** Fields that the job had and does not have any more: the service is told so by null. */
  readonly removed: ReadonlySet<string>;
}

/**
 * Changes of jobs that the service does not have yet, in the order in which the jobs changed first. Those of one job are
 * sent one after the other: beside the one that is being sent, one more at most waits, or is held back for a while.
 */
export class UnstoredChanges {
  private readonly waiting = new Map<string, Change>();
  private readonly held = new Map<string, Change>();
  private readonly sending = new Map<string, Change>();

  constructor(private readonly jobsMax: number) {}

  get size(): number {
    let both = 0;
    for (const uuid of this.sending.keys()) if (this.waiting.has(uuid)) both++;
    return this.waiting.size + this.held.size + this.sending.size - both;
  }

  get inFlight(): number {
    return this.sending.size;
  }

  has(uuid: string): boolean {
    return this.waiting.has(uuid) || this.held.has(uuid) || this.sending.has(uuid);
  }

  /** False: there are too many jobs with changes, and this one is not among them. */
  add(uuid: string, change: Change): boolean {
    if (!this.has(uuid) && this.size >= this.jobsMax) return false;
    put(this.held.has(uuid) ? this.held : this.waiting, uuid, change);
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

  /** As `done`, of a job that is not there any more; false when it is there again, or is being deleted anyway. */
  doneForGood(uuid: string): boolean {
    this.done(uuid);
    const later = this.waiting.get(uuid);
    if (later !== undefined && later.kind !== 'update') return false;
    this.waiting.delete(uuid);
    return true;
  }

  /** It has to be sent again, with what has come behind it, after `release`. */
  hold(uuid: string): void {
    const change = this.sending.get(uuid);
    if (change === undefined) return;
    const later = this.waiting.get(uuid);
    this.sending.delete(uuid);
    this.waiting.delete(uuid);
    this.held.set(uuid, later === undefined ? change : merged(change, later));
  }

  release(uuid: string): void {
    const change = this.held.get(uuid);
    if (change === undefined) return;
    this.held.delete(uuid);
    this.waiting.set(uuid, change);
  }

  /** The one that has waited longest for its answer. */
  oldestInFlight(): string | undefined {
    const [oldest] = this.sending.keys();
    return oldest;
  }

  /** All that is being sent has to be sent again, with what has come behind it. */
  putBack(): void {
    for (const [uuid, change] of this.sending) {
      const later = this.waiting.get(uuid);
      this.waiting.set(uuid, later === undefined ? change : merged(change, later));
    }
    this.sending.clear();
  }

  /** Takes all that waits or is held back, for what makes it needless; `restore` gives it back. */
  takeAll(): ReadonlyMap<string, Change> {
    const all = new Map([...this.waiting, ...this.held]);
    this.waiting.clear();
    this.held.clear();
    return all;
  }

  restore(changes: ReadonlyMap<string, Change>): void {
    const later = this.takeAll();
    for (const [uuid, change] of changes) this.waiting.set(uuid, change);
    for (const [uuid, change] of later) put(this.waiting, uuid, change);
  }
}

function put(changes: Map<string, Change>, uuid: string, change: Change): void {
  const before = changes.get(uuid);
  changes.set(uuid, before === undefined ? change : merged(before, change));
}

function merged(before: Change, later: Change): Change {
  return {
    kind: mergedKind(before.kind, later.kind),
    owner: before.owner,
    removed: new Set([...before.removed, ...later.removed]),
  };
}

function mergedKind(before: ChangeKind, later: ChangeKind): ChangeKind {
  if (later === 'delete' || later === 'replace') return later;
  if (before === 'delete') return 'replace';
  return before;
}
