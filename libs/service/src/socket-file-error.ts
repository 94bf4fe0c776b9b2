/**
 * - IN_USE: another process is listening on the socket.
 * - NOT_A_SOCKET: something else is at the path; it is left alone.
 * - PATH_TOO_LONG: the operating system would cut the path.
 * - UNUSABLE: the file system refused, as `cause` says.
 */
export type SocketFileErrorCode = 'IN_USE' | 'NOT_A_SOCKET' | 'PATH_TOO_LONG' | 'UNUSABLE';

/** Why there is no socket file. A retry helps once the cause is gone. */
export class SocketFileError extends Error {
  override readonly name = 'SocketFileError';
  readonly code: SocketFileErrorCode;
  readonly path: string;

  constructor(code: SocketFileErrorCode, path: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.path = path;
  }
}
