/** Bytes that are not the protobuf message, or the row, that they should be. */
export class WireError extends Error {
  override readonly name = 'WireError';
  /** TRUNCATED: the bytes end inside a field. INVALID: they cannot be what they should be. */
  readonly code: 'TRUNCATED' | 'INVALID';

  constructor(code: 'TRUNCATED' | 'INVALID', message: string) {
    super(message);
    this.code = code;
  }
}
