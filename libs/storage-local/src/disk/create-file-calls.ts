import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { DiskThread } from './disk-thread.js';
import type { FileCalls } from './file-calls.js';
import { inlineCalls } from './inline-calls.js';

/** On a thread of their own, or on the calling one where its code is not there: bundled, or run from its source. */
export function createFileCalls(): FileCalls {
  const worker = new URL('./disk-worker.js', import.meta.url);
  if (worker.protocol !== 'file:' || !existsSync(fileURLToPath(worker))) return inlineCalls();
  // Files that it has opened are not its own: they stay open when it ends.
  return new DiskThread(new Worker(worker, { trackUnmanagedFds: false }));
}
