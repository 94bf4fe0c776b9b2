/**
 * The same items, until the signal aborts: the step under way rejects with its reason then, also when a store pays it
 * no heed. What that store still gives is left to itself.
 */
export async function* abortable<Item>(
  items: AsyncIterable<Item>,
  signal: AbortSignal,
): AsyncGenerator<Item> {
  if (typeof items?.[Symbol.asyncIterator] !== 'function')
    throw new TypeError('the store gave something that is no AsyncIterable');
  const iterator = items[Symbol.asyncIterator]();
  let ended = false;
  try {
    for (;;) {
      const step = await orAborted(iterator.next(), signal);
      if (step.done === true) {
        ended = true;
        return;
      }
      yield step.value;
    }
  } finally {
    // Leaving may hang too: after an abort nobody waits for it.
    const left = ended ? undefined : iterator.return?.();
    if (left)
      await orAborted(left, signal).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
  }
}

/** What the work gives, or the reason of the abort when that comes first; the work goes on then. */
export function orAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    void work.then(resolve, reject).then(() => signal.removeEventListener('abort', abort));
  });
}
