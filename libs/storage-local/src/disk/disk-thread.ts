import type { Worker } from 'node:worker_threads';
import { DISK_CALLS_AT_ONCE, DISK_MESSAGES_AT_ONCE } from '../limits.js';
import type { DiskAnswer, DiskCall, FileFailure } from './disk-messages.js';
import {
  FileChangedError,
  syncData,
  type AppendedFile,
  type FileAppend,
  type FileCalls,
  type FileWrite,
} from './file-calls.js';
import { makeCall } from './make-call.js';

interface Waiting {
  readonly call: DiskCall;
  readonly resolve: (appended: AppendedFile | undefined) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Makes calls on a thread of their own, in their order: what is asked for while some are made goes there together. When the thread
 * dies, nobody knows what became of what it had; the calling thread takes its place.
 */
export class DiskThread implements FileCalls {
  private worker: Worker | undefined;
  private readonly waiting: Waiting[] = [];
  /** Messages that are not answered yet. */
  private readonly sent: Waiting[][] = [];

  constructor(worker: Worker) {
    this.worker = worker;
    worker.on('message', (answers: readonly DiskAnswer[]) => this.answered(answers));
    // A worker that fails ends with `exit` as well.
    let reason = 'it ended';
    worker.on('error', (error) => (reason = error.message));
    worker.on('exit', () => this.ended(reason));
    // A process may end while it has nothing to do.
    worker.unref();
  }

  async append(append: FileAppend): Promise<AppendedFile> {
    const appended = await this.call({ kind: 'append', append });
    if (!appended) throw new Error('BUG: the disk thread gave no answer to an append');
    return appended;
  }

  async write(writes: readonly FileWrite[]): Promise<void> {
    await this.call({ kind: 'write', writes });
  }

  readonly syncData = syncData;

  async syncFolder(path: string): Promise<void> {
    await this.call({ kind: 'sync-folder', path });
  }

  async close(): Promise<void> {
    await this.worker?.terminate();
  }

  private async call(call: DiskCall): Promise<AppendedFile | undefined> {
    if (!this.worker) return makeCall(call);
    return new Promise((resolve, reject) => {
      this.waiting.push({ call, resolve, reject });
      this.send();
    });
  }

  private send(): void {
    while (this.worker && this.waiting.length > 0 && this.sent.length < DISK_MESSAGES_AT_ONCE) {
      const message = this.waiting.splice(0, DISK_CALLS_AT_ONCE);
      if (this.sent.length === 0) this.worker.ref();
      this.sent.push(message);
      this.worker.postMessage(message.map(({ call }) => call));
    }
  }

  private answered(answers: readonly DiskAnswer[]): void {
    const message = this.sent.shift() ?? [];
    if (this.sent.length === 0) this.worker?.unref();
    this.send();
    message.forEach(({ resolve, reject }, index) => {
      const answer = answers[index];
      if ('failure' in answer) reject(errorOf(answer.failure));
      else resolve(answer.appended);
    });
  }

  private ended(reason: string): void {
    this.worker = undefined;
    const lost = [...this.sent.splice(0).flat(), ...this.waiting.splice(0)];
    for (const { reject } of lost) reject(new Error(`the thread that writes files failed: ${reason}`));
  }
}

function errorOf({ message, isChanged, code, path }: FileFailure): Error {
  if (isChanged) return new FileChangedError(message);
  const error = new Error(message);
  return Object.assign(error, code === undefined ? {} : { code }, path === undefined ? {} : { path });
}
