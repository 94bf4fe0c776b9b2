import assert from 'node:assert/strict';
import { StateStoreError, type StateStoreErrorCode } from '../state-store-error.js';

/** Makes sure that the call rejects (and does not throw) with this code. */
export async function rejects(
  code: StateStoreErrorCode,
  call: () => Promise<unknown>,
  what = 'the call',
): Promise<void> {
  let pending: Promise<unknown>;
  try {
    pending = call();
  } catch (error) {
    return assert.fail(`${what} threw ${String(error)}; expected a promise that rejects with ${code}`);
  }
  try {
    await pending;
  } catch (error) {
    if (codeOf(error) === code) return undefined;
    return assert.fail(`${what} rejected with ${nameOf(error)}; expected a StateStoreError with ${code}`);
  }
  return assert.fail(`${what} resolved; expected it to reject with ${code}`);
}

/** Of each call: 'ok', or the code of its error. */
export async function outcomes(calls: readonly Promise<unknown>[]): Promise<string[]> {
  const settled = await Promise.allSettled(calls);
  return settled.map((one) => (one.status === 'fulfilled' ? 'ok' : codeOf(one.reason)));
}

/** The code of a store's error; other errors are no answers, whatever code they have: the service looks for the class. */
export function codeOf(error: unknown): string {
  return error instanceof StateStoreError ? error.code : nameOf(error);
}

function nameOf(error: unknown): string {
  if (error instanceof StateStoreError) return `${error.code}: ${error.message}`;
  return `${String(error)}, which is no StateStoreError`;
}
