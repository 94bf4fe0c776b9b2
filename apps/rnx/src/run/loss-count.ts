import { formatBytes, plural } from '../format.js';

/** What a row counts when it is lost: a line by its bytes, or a sample. */
export type RowSize = number | 'sample';

/** Counts what could not be kept. */
export class LossCount {
  private lines = 0;
  private bytes = 0;
  private samples = 0;

  add(size: RowSize): void {
    if (size === 'sample') {
      this.samples++;
    } else {
      this.lines++;
      this.bytes += size;
    }
  }

  addAll({ lines, bytes, samples }: LossCount): void {
    this.lines += lines;
    this.bytes += bytes;
    this.samples += samples;
  }

  /** `2 lines (8 B), 1 sample`; empty when nothing was lost. */
  toString(): string {
    const parts: string[] = [];
    if (this.lines > 0) parts.push(`${plural(this.lines, 'line')} (${formatBytes(BigInt(this.bytes))})`);
    if (this.samples > 0) parts.push(plural(this.samples, 'sample'));
    return parts.join(', ');
  }
}
