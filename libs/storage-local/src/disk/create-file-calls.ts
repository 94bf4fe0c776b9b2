import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { DiskThreads } from './disk-threads.js';
import type { FileCalls } from './file-calls.js';
import { inlineCalls } from './inline-calls.js';

/** On threads of their own, or on the calling one where its code is not there: bundled, or run from its source. */
export function createFileCalls(): FileCalls {
  const worker = new URL('./disk-worker.js', import.meta.url);
  if (worker.protocol !== 'file:' || !existsSync(fileURLToPath(worker))) return inlineCalls();
  // Files that one has opened are not its own: they stay open when it ends.
  return new DiskThreads(() => new Worker(worker, { trackUnmanagedFds: false }));
}
