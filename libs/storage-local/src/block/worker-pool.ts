import type { Worker } from 'node:worker_threads';
import { StorageError } from '@joblet/storage';
import { REQUESTS_PER_WORKER, SPARE_BYTES_MAX } from '../limits.js';
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
 * Gives requests to worker threads, all of a job to the same. A worker gets few at a time, so that rows are copied for it
 * only when their turn is near. Its death rejects what it was given; the rest goes to the one that takes its place.
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
  /** Sent and not yet answered, in their order. */
  private readonly sent: Waiting[] = [];
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
    for (const { reject } of [...this.sent.splice(0), ...this.waiting.splice(0)])
      reject(StorageError.closed());
  }

  private startWorker(): Worker {
    const worker = this.start();
    worker.on('message', (answer: BuildAnswer) => this.answered(answer));
    // A worker that fails ends with `exit` as well.
    let reason = 'it ended';
    worker.on('error', (error) => (reason = error.message));
    worker.on('exit', () => this.ended(worker, reason));
    // A process may end while workers have nothing to do.
    worker.unref();
    return worker;
  }

  private send(): void {
    while (this.worker && this.sent.length < REQUESTS_PER_WORKER) {
      const next = this.waiting.shift();
      if (!next) return;
      const { rows, kind, jobId, content, level } = next.request;
      const message: BuildMessage = { kind, jobId, content, level, rows: packRows(rows, this.spares.pop()) };
      if (this.sent.length === 0) this.worker.ref();
      this.sent.push(next);
      this.worker.postMessage(message, [message.rows.buffer]);
    }
  }

  private answered(answer: BuildAnswer): void {
    const first = this.sent.shift();
    if (answer.spare.byteLength <= SPARE_BYTES_MAX) this.spares.push(answer.spare);
    if (this.sent.length === 0) this.worker?.unref();
    this.send();
    if (!first) return;
    if ('blocks' in answer) first.resolve(answer.blocks);
    else first.reject(buildError(first.request.jobId, answer.error));
  }

  private ended(worker: Worker, reason: string): void {
    if (worker !== this.worker) return;
    this.worker = undefined;
    for (const { request, reject } of this.sent.splice(0)) {
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
