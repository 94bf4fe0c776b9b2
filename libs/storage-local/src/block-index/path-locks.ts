/** One at a time for each path, in the order of the calls. */
export class PathLocks {
  private readonly last = new Map<string, Promise<unknown>>();

  async run<Result>(path: string, task: () => Promise<Result>): Promise<Result> {
    const before = this.last.get(path);
    const mine = before ? before.then(task, task) : task();
    this.last.set(path, mine);
    try {
      return await mine;
    } finally {
      if (this.last.get(path) === mine) this.last.delete(path);
    }
  }

  /** Waits for all that has been called. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.last.values());
  }
}
