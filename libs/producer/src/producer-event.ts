import type { ProducerError } from './producer-error.js';

/** What happens to a producer's connection and buffer, for logs. */
export type ProducerEvent =
  | { type: 'connected' }
  | {
      type: 'disconnected';
      /** Absent when the server ended the connection in order. */
      error?: Error;
      /** Rows handed to the kernel on this connection: the protocol does not tell which of them arrived. */
      uncertainRows: number;
    }
  /** A connection did not come about; `failures` in a row. */
  | { type: 'connect-failed'; error: Error; failures: number }
  /** No attempt is left, or something else is at the socket: from now on everything is rejected. */
  | { type: 'gave-up'; error: ProducerError }
  /** The first row that was dropped since the buffer was last half empty; `stats.droppedRows` counts on. */
  | { type: 'dropping'; jobId: string };
