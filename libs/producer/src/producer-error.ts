/**
 * - CLOSED: the producer is closed, or was while the row waited for room.
 * - UNREACHABLE: all attempts to connect failed; `cause` is the last failure.
 * - NOT_A_WRITE_CHANNEL: something else answers at the socket; nothing that was sent to it is kept.
 * - ROW_TOO_LARGE: the row does not fit into a frame.
 */
export type ProducerErrorCode = 'CLOSED' | 'UNREACHABLE' | 'NOT_A_WRITE_CHANNEL' | 'ROW_TOO_LARGE';

/** What a producer rejects with, next to TypeError for a bad argument. `code` is stable; the message is for people. */
export class ProducerError extends Error {
  override readonly name = 'ProducerError';
  readonly code: ProducerErrorCode;

  constructor(code: ProducerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
