import { parentPort } from 'node:worker_threads';
import { errorCode } from './error-code.js';
import type { DiskAnswer, DiskCall, FileFailure } from './disk-messages.js';
import { FileChangedError } from './file-calls.js';
import { makeCall } from './make-call.js';

parentPort?.on('message', (calls: readonly DiskCall[]) => parentPort?.postMessage(calls.map(answerTo)));

function answerTo(call: DiskCall): DiskAnswer {
  try {
    return { appended: makeCall(call) };
  } catch (error) {
    return { failure: failureOf(error) };
  }
}

function failureOf(error: unknown): FileFailure {
  return {
    message: error instanceof Error ? error.message : String(error),
    isChanged: error instanceof FileChangedError,
    code: errorCode(error),
    path: error instanceof Error && 'path' in error ? String(error.path) : undefined,
  };
}
