import assert from 'node:assert/strict';
import type { StorageErrorCode } from '../storage-error.js';

/** The error, after making sure that the call rejects (and does not throw) with this code. */
export async function rejects(
  code: StorageErrorCode,
  call: () => Promise<unknown>,
  what = '',
): Promise<Error> {
  let pending: Promise<unknown>;
  try {
    pending = call();
  } catch (error) {
    return assert.fail(`${what} threw ${String(error)}; expected a promise that rejects with ${code}`);
  }
  try {
    await pending;
  } catch (error) {
    assert.ok(isError(error), `${what} rejected with ${String(error)}; expected a StorageError`);
    assert.equal(
      error.code,
      code,
      `${what} rejected with ${String(error)} (${String(error.code)}); expected ${code}`,
    );
    return error;
  }
  return assert.fail(`${what} resolved; expected it to reject with ${code}`);
}

function isError(error: unknown): error is Error & { code: unknown } {
  return typeof error === 'object' && error !== null && 'code' in error && 'message' in error;
}
