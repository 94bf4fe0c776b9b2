import { Socket } from 'node:net';
import type { SocketConstructorOpts } from 'node:net';
import { READ_SIZE } from './limits.js';

/** What Node's own server makes of a connection; a server of ours has no other way to `onread`. Not in Node's types. */
interface Accepted {
  /** The connection itself, that a second Socket can take over as long as nobody has read the first. */
  readonly _handle?: object | null;
  /** Whom it tells of its end: the server closes when it knows of none. */
  _server?: unknown;
}

/** One for all connections: what is in it is valid until the reader returns, and reads never overlap. */
const shared = Buffer.allocUnsafeSlow(READ_SIZE);

/**
 * Gives what the paused socket receives to `onChunk`, in memory that is used again for the next chunk: with `data` events, each
 * read makes a buffer of 64 KiB, and the garbage collector runs for each few hundred of them. Returns the socket to be
 * used from here on. On a Node that keeps its connections elsewhere, it is the same socket; there, and should `onread` be ignored, chunks
 * are those of `data` events, of which there are none otherwise.
 */
export function readInPlace(accepted: Socket, onChunk: (chunk: Uint8Array) => void): Socket {
  const { _handle: handle, _server: server } = accepted as Accepted;
  if (!handle || !server) return accepted.on('data', onChunk);
  const options = {
    handle,
    pauseOnCreate: true,
    readable: true,
    writable: true,
    onread: {
      buffer: shared,
      callback(length: number) {
        onChunk(new Uint8Array(shared.buffer, 0, length));
        return true;
      },
    },
  };
  const socket = new Socket(options as SocketConstructorOpts);
  (socket as Accepted)._server = server;
  return socket.on('data', onChunk);
}
