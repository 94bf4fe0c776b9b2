/** Rows as they come; each iteration asks the service anew. Leaving the loop early ends the call. */
export interface RowStream<Row> extends AsyncIterable<Row> {
  /** Known missing pieces in what the answer covers; undefined until it has ended, or if the service does not tell. */
  readonly gaps: number | undefined;
}

/** One server-streaming call. */
export type StreamCall<Row> = (options: {
  signal: AbortSignal;
  onTrailer: (trailer: Headers) => void;
}) => AsyncIterable<Row>;

/** `fail` turns what the call threw into what the caller gets. */
export function rowStream<Row>(
  call: StreamCall<Row>,
  fail: (thrown: unknown) => Error,
  signal: AbortSignal | undefined,
): RowStream<Row> {
  let gaps: number | undefined;
  const onTrailer = (trailer: Headers): void => {
    const value = trailer.get('joblet-gaps');
    if (value !== null && /^\d+$/.test(value)) gaps = Number(value);
  };
  async function* rows(): AsyncGenerator<Row, void, undefined> {
    gaps = undefined;
    const stop = new AbortController();
    const onAbort = (): void => stop.abort(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
    try {
      yield* call({ signal: stop.signal, onTrailer });
    } catch (thrown) {
      throw fail(thrown);
    } finally {
      signal?.removeEventListener('abort', onAbort);
      // The call's own iterator cannot be returned: without this a loop that was left would keep its stream open.
      stop.abort();
    }
  }
  return {
    [Symbol.asyncIterator]: rows,
    get gaps() {
      return gaps;
    },
  };
}
