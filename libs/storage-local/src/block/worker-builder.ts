import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { BUILDER_THREADS_MAX } from '../limits.js';
import type { BlockBuilder } from './block-builder.js';
import { inlineBuilder } from './inline-builder.js';
import { WorkerPool } from './worker-pool.js';

export interface BlockBuilderOptions {
  /** 0 builds on the thread that calls. Default: all that the machine runs at once but one, at least 1, at most 4. */
  readonly threads?: number;
}

/** On worker threads, or on the calling one where the code of the workers is not there: bundled, or run from its source. */
export function createBlockBuilder({ threads = defaultThreads() }: BlockBuilderOptions = {}): BlockBuilder {
  const inline = inlineBuilder();
  const worker = new URL('./build-worker.js', import.meta.url);
  const hasWorker = worker.protocol === 'file:' && existsSync(fileURLToPath(worker));
  return threads === 0 || !hasWorker ? inline : new WorkerPool(threads, () => new Worker(worker), inline);
}

function defaultThreads(): number {
  return Math.min(Math.max(availableParallelism() - 1, 1), BUILDER_THREADS_MAX);
}
