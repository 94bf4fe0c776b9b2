/** A time limit that can be asked and awaited. */
export class Deadline {
  readonly reached: Promise<void>;
  private isExpired: boolean;
  private timer: NodeJS.Timeout | undefined;

  constructor(timeoutMs: number) {
    this.isExpired = timeoutMs <= 0;
    this.reached = new Promise((resolve) => {
      this.timer = setTimeout(() => {
        this.isExpired = true;
        resolve();
      }, timeoutMs);
    });
  }

  get expired(): boolean {
    return this.isExpired;
  }

  clear(): void {
    clearTimeout(this.timer);
  }
}
