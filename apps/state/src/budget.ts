/** Bytes that many may hold together. */
export class Budget {
  private usedBytes = 0;

  constructor(private readonly bytesMax: number) {}

  get used(): number {
    return this.usedBytes;
  }

  /** False, and nothing taken, when there are not so many left. */
  take(bytes: number): boolean {
    if (this.usedBytes + bytes > this.bytesMax) return false;
    this.usedBytes += bytes;
    return true;
  }

  give(bytes: number): void {
    this.usedBytes -= bytes;
  }
}
