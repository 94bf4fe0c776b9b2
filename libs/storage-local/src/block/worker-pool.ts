import type { Worker } from 'node:worker_threads';
import { StorageError } from '@joblet/storage';
import { BUILD_MESSAGE_BYTES, MESSAGES_PER_WORKER, SPARE_BYTES_MAX } from '../limits.js';
import { buildError } from './build-error.js';
import type { BlockBuilder, BlockRequest, BuiltBlock } from './block-builder.js';
import type { BuildAnswer, BuildMessage } from './build-messages.js';
import { packRows } from './packed-rows.js';

interface Waiting {
  readonly request: BlockRequest;
  readonly resolve: (blocks: readonly BuiltBlock[]) => void;
  readonly reject: (error: Error) => void;
}

/** Whether a dead worker is replaced: a first time by another, then by the thread that calls. */
type Replacement = 'worker' | 'inline';

/**
 * Gives requests to worker threads, all of a job to the same. A worker gets few at a time, small ones together, so that rows are
 * copied for it only when their turn is near. Its death rejects what it was given; the rest goes to the one that takes its place.
 */
export class WorkerPool implements BlockBuilder {
  private readonly lanes: Lane[];
  private readonly inline: BlockBuilder;

  /** `inline` builds in place of workers that died twice; it is closed with the pool. */
  constructor(threads: number, start: () => Worker, inline: BlockBuilder) {
    this.inline = inline;
    this.lanes = Array.from({ length: threads }, () => new Lane(start, inline));
  }

  build(request: BlockRequest): Promise<readonly BuiltBlock[]> {
    return this.lanes[hash(request.jobId) % this.lanes.length].build(request);
  }

  async close(): Promise<void> {
    await Promise.all(this.lanes.map((lane) => lane.close()));
    await this.inline.close();
  }
}

/** FNV-1a over UTF-16 units. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value >>> 0;
}

/** One worker, or who took its place, and what waits for it. */
class Lane {
  private readonly start: () => Worker;
  private readonly inline: BlockBuilder;
  private worker: Worker | undefined;
  private replacement: Replacement = 'worker';
  private readonly waiting: Waiting[] = [];
  /** Sent and not yet answered, in their order, by message. */
  private readonly sent: Waiting[][] = [];
  /** Memory that the worker has done with. */
  private readonly spares: ArrayBuffer[] = [];
  private isClosed = false;

  constructor(start: () => Worker, inline: BlockBuilder) {
    this.start = start;
    this.inline = inline;
    this.worker = this.startWorker();
  }

  async build(request: BlockRequest): Promise<readonly BuiltBlock[]> {
    if (this.isClosed) throw StorageError.closed();
    if (!this.worker) return this.inline.build(request);
    return new Promise((resolve, reject) => {
      this.waiting.push({ request, resolve, reject });
      this.send();
    });
  }

  async close(): Promise<void> {
    this.isClosed = true;
    const { worker } = this;
    this.worker = undefined;
    await worker?.terminate();
    for (const { reject } of [...this.sent.splice(0).flat(), ...this.waiting.splice(0)])
      reject(StorageError.closed());
  }

  private startWorker(): Worker {
    const worker = this.start();
    worker.on('message', (answers: readonly BuildAnswer[]) => this.answered(answers));
    // A worker that fails ends with `exit` as well.
    let reason = 'it ended';
    worker.on('error', (error) => (reason = error.message));
    worker.on('exit', () => this.ended(worker, reason));
    // A process may end while workers have nothing to do.
    worker.unref();
    return worker;
  }

  private send(): void {
    while (this.worker && this.waiting.length > 0 && this.sent.length < MESSAGES_PER_WORKER) {
      const next = this.takeNext();
      const messages = next.map(({ request: { rows, kind, jobId, content, level } }): BuildMessage => {
        return { kind, jobId, content, level, rows: packRows(rows, this.spares.pop()) };
      });
      if (this.sent.length === 0) this.worker.ref();
      this.sent.push(next);
      this.worker.postMessage(
        messages,
        messages.map(({ rows }) => rows.buffer),
      );
    }
  }

  /** Up to about a block. */
  private takeNext(): Waiting[] {
    let bytes = 0;
    let count = 0;
    while (count < this.waiting.length && bytes < BUILD_MESSAGE_BYTES)
      bytes += this.waiting[count++].request.rows.bytes.length;
    return this.waiting.splice(0, count);
  }

  private answered(answers: readonly BuildAnswer[]): void {
    const first = this.sent.shift() ?? [];
    for (const { spare } of answers) if (spare.byteLength <= SPARE_BYTES_MAX) this.spares.push(spare);
    if (this.sent.length === 0) this.worker?.unref();
    this.send();
    first.forEach(({ request, resolve, reject }, index) => {
      const answer = answers[index];
      if ('blocks' in answer) resolve(answer.blocks);
      else reject(buildError(request.jobId, answer.error));
    });
  }

  private ended(worker: Worker, reason: string): void {
    if (worker !== this.worker) return;
    this.worker = undefined;
    for (const { request, reject } of this.sent.splice(0).flat()) {
      reject(buildError(request.jobId, `the worker thread failed: ${reason}`));
    }
    if (this.replacement === 'worker') {
      this.replacement = 'inline';
      this.worker = this.startWorker();
      this.send();
    } else {
      for (const { request, resolve, reject } of this.waiting.splice(0)) {
        this.inline.build(request).then(resolve, reject);
      }
    }
  }
}
