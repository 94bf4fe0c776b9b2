/**
 * Changes of one job, one after the other within this process: what is changed at the same time elsewhere is met by
 * comparing versions, which costs a further round trip each time.
 */
export class JobLocks {
  private readonly tails = new Map<string, Promise<void>>();

  /** Runs the change when all earlier ones of these jobs have ended. All are asked for at once: nobody waits in a circle. */
  async run<T>(uuids: readonly string[], change: () => Promise<T>): Promise<T> {
    const earlier = uuids.flatMap((uuid) => this.tails.get(uuid) ?? []);
    let release: () => void = () => undefined;
    const tail = new Promise<void>((resolve) => (release = resolve));
    for (const uuid of uuids) this.tails.set(uuid, tail);
    // Mostly there are none, and nothing to wait for.
    if (earlier.length > 0) await Promise.all(earlier);
    try {
      return await change();
    } finally {
      release();
      for (const uuid of uuids) if (this.tails.get(uuid) === tail) this.tails.delete(uuid);
    }
  }
}
