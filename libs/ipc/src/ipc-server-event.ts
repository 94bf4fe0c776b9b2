/** What happens to a server's connections, for logs and counters. Connections are numbered from 1. */
export type IpcServerEvent =
  | { type: 'opened'; connection: number }
  /** Accepted beyond the limit: not read until another closes. */
  | { type: 'waiting'; connection: number; waitingConnections: number }
  | {
      type: 'closed';
      connection: number;
      /**
       * ended: by the producer. failed: reset or another error of the socket. frame-too-large: ended by the server, as
       * nothing behind such a frame can be read. drained: by `drain`.
       */
      reason: 'ended' | 'failed' | 'frame-too-large' | 'drained';
      error?: Error;
      /** Bytes of a frame whose end never came; 0 when there were none. */
      halfFrameBytes: number;
    }
  /** Of the listening socket: a connection could not be accepted, or listening failed. */
  | { type: 'server-error'; error: Error };
