/**
 * - NO_SPACE: the disk or quota is full; a retry can help once there is space.
 * - IO: the disk failed, as `cause` says; the next append goes to a new segment, so that a retry can help.
 * - QUEUE_FULL: more waits for its write than `pendingBytesMax`; a retry helps when some of it is written.
 * - CLOSED: the log is closed.
 */
export type WalErrorCode = 'NO_SPACE' | 'IO' | 'QUEUE_FULL' | 'CLOSED';

/** What the log rejects with. `code` is stable; the message is for people. A TypeError is a bug of the caller. */
export class WalError extends Error {
  override readonly name = 'WalError';
  readonly code: WalErrorCode;

  constructor(code: WalErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The error of the log for one of the disk. What is no error of the disk is a bug, and stays as it is. */
export function toWalError(error: unknown, doing: string): unknown {
  if (!(error instanceof Error) || !('code' in error) || error instanceof WalError) return error;
  const isFull = error.code === 'ENOSPC' || error.code === 'EDQUOT';
  return new WalError(isFull ? 'NO_SPACE' : 'IO', `${doing}: ${error.message}`, { cause: error });
}
