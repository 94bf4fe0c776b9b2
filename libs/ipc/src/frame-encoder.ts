import { FrameTooLargeError } from './frame-too-large-error.js';
import { FRAME_HEADER_BYTES, FRAME_SIZE_MAX } from './limits.js';

/** A new frame that holds `message`. Throws FrameTooLargeError. */
export function encodeFrame(message: Uint8Array, frameSizeMax = FRAME_SIZE_MAX): Uint8Array {
  if (message.length > frameSizeMax) throw new FrameTooLargeError(message.length, frameSizeMax);
  const frame = new Uint8Array(FRAME_HEADER_BYTES + message.length);
  writeFrame(message, frame, 0);
  return frame;
}

/**
 * Writes the frame of `message` into `into` from byte `at` on and returns the byte behind it: for a batch of frames in
 * one buffer. The caller has seen to it that FRAME_HEADER_BYTES + message.length bytes are free, and to the limit.
 */
export function writeFrame(message: Uint8Array, into: Uint8Array, at: number): number {
  const { length } = message;
  into[at] = length >>> 24;
  into[at + 1] = length >>> 16;
  into[at + 2] = length >>> 8;
  into[at + 3] = length;
  into.set(message, at + FRAME_HEADER_BYTES);
  return at + FRAME_HEADER_BYTES + length;
}
