import { REBUILDS_WAITING_MAX } from '../limits.js';
import type { IndexedFile } from './block-index.js';

/** Files that are to be indexed in the background, one at a time, each once. */
export class RebuildQueue {
  private readonly waiting = new Map<string, { file: IndexedFile; size: number }>();
  private readonly rebuild: (file: IndexedFile, size: number) => Promise<void>;
  private current: string | undefined;
  private running: Promise<void> | undefined;
  private isClosed = false;

  /** `rebuild` must not reject. */
  constructor(rebuild: (file: IndexedFile, size: number) => Promise<void>) {
    this.rebuild = rebuild;
  }

  /** The first `size` bytes of the file. */
  add(file: IndexedFile, size: number): void {
    if (this.isClosed || this.current === file.path || this.waiting.size >= REBUILDS_WAITING_MAX) return;
    this.waiting.set(file.path, { file, size });
    this.running ??= this.run();
  }

  delete(path: string): void {
    this.waiting.delete(path);
  }

  close(): void {
    this.isClosed = true;
    this.waiting.clear();
  }

  async idle(): Promise<void> {
    await this.running;
  }

  private async run(): Promise<void> {
    for (const [path, { file, size }] of this.waiting) {
      this.waiting.delete(path);
      this.current = path;
      await this.rebuild(file, size);
      this.current = undefined;
    }
    this.running = undefined;
  }
}
