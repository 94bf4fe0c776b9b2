import { describe, expect, it } from '@jest/globals';
import { encodeFrame, writeFrame } from './frame-encoder.js';
import { FrameTooLargeError } from './frame-too-large-error.js';
import { framesOf } from './testing/capture.js';

describe('encodeFrame', () => {
  it('puts the length in front, big-endian', () => {
    const frame = encodeFrame(new Uint8Array(0x01_02_03).fill(9));
    expect([...frame.subarray(0, 6)]).toEqual([0, 1, 2, 3, 9, 9]);
    expect(frame).toHaveLength(4 + 0x01_02_03);
  });

  it('makes a frame of an empty message', () => {
    expect([...encodeFrame(new Uint8Array(0))]).toEqual([0, 0, 0, 0]);
  });

  it('keeps to the limit of the reading side', () => {
    expect(encodeFrame(new Uint8Array(10), 10)).toHaveLength(14);
    expect(() => encodeFrame(new Uint8Array(11), 10)).toThrow(new FrameTooLargeError(11, 10));
  });
});

describe('writeFrame', () => {
  it('writes frames one behind the other', () => {
    const batch = new Uint8Array(20);
    const end = writeFrame(Uint8Array.of(4, 5), batch, writeFrame(Uint8Array.of(1, 2, 3), batch, 0));
    expect(framesOf(batch.subarray(0, end)).map((frame) => [...frame])).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
  });
});
