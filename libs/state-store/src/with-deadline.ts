import { StateStoreError } from './state-store-error.js';

export interface Deadline {
  /** Throws UNAVAILABLE when it has passed: what has not been sent by then is not sent any more. */
  check(): void;
  /** An answer has come: the next one has the whole time again. For calls of any number of requests. */
  extend(): void;
}

/**
 * What `work` gives, or UNAVAILABLE when that takes longer than `timeoutMs`; then `work` goes on by itself. For calls that
 * wait for more than one answer: for the changes of the same job before them, for a connection, for several requests.
 */
export function withDeadline<T>(
  medium: string,
  timeoutMs: number,
  work: (deadline: Deadline) => Promise<T>,
): Promise<T> {
  const tooLate = () => new StateStoreError('UNAVAILABLE', `${medium}: no answer in ${timeoutMs} ms`);
  let isOver = false;
  const check = (): void => {
    if (isOver) throw tooLate();
  };
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      isOver = true;
      reject(tooLate());
    }, timeoutMs);
    const extend = (): void => {
      if (!isOver) timer.refresh();
    };
    void work({ check, extend })
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}
