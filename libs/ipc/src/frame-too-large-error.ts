/** A frame whose length is above the limit. What follows it on its connection cannot be read. */
export class FrameTooLargeError extends Error {
  override readonly name = 'FrameTooLargeError';
  readonly code = 'FRAME_TOO_LARGE';
  /** The length that was announced. */
  readonly frameBytes: number;
  readonly frameSizeMax: number;

  constructor(frameBytes: number, frameSizeMax: number) {
    super(`frame of ${frameBytes} bytes; the limit is ${frameSizeMax} bytes`);
    this.frameBytes = frameBytes;
    this.frameSizeMax = frameSizeMax;
  }
}
