import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { FrameDecoder } from './frame-decoder.js';
import { encodeFrame } from './frame-encoder.js';
import { FrameTooLargeError } from './frame-too-large-error.js';
import { FRAME_SIZE_MAX } from './limits.js';
import { capture, framesOf } from './testing/capture.js';
import { concat } from './testing/messages.js';

const expected = framesOf(capture).map(hex);

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function decode(decoder: FrameDecoder, ...chunks: Uint8Array[]): string[] {
  const frames: string[] = [];
  for (const chunk of chunks) {
    decoder.push(chunk, (bytes, start, end) => frames.push(hex(bytes.subarray(start, end))));
  }
  return frames;
}

function pieces(bytes: Uint8Array, size: number): Uint8Array[] {
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
}

describe('FrameDecoder', () => {
  it('finds the 204 frames of the capture in one chunk', () => {
    const decoder = new FrameDecoder();
    expect(decode(decoder, capture)).toEqual(expected);
    expect(expected).toHaveLength(204);
    expect(decoder.heldBytes).toBe(0);
  });

  it.each([1, 2, 3, 4, 5, 7, 64, 175, 4096])('finds them in pieces of %i bytes', (size) => {
    expect(decode(new FrameDecoder(), ...pieces(capture, size))).toEqual(expected);
  });

  it('finds them however the bytes are split', () => {
    const cuts = fc.array(fc.nat(capture.length), { maxLength: 60 });
    fc.assert(
      fc.property(cuts, (positions) => {
        const bounds = [0, ...positions.sort((a, b) => a - b), capture.length];
        const chunks = bounds.slice(1).map((end, index) => capture.subarray(bounds[index], end));
        expect(decode(new FrameDecoder(), ...chunks)).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  it('hands a frame out where it lies, also when its length came in an earlier chunk', () => {
    const frame = encodeFrame(Uint8Array.of(1, 2, 3));
    const rest = frame.subarray(4);
    const decoder = new FrameDecoder();
    const seen: [Uint8Array, number, number][] = [];
    const onFrame = (...frame: [Uint8Array, number, number]) => seen.push(frame);
    decoder.push(frame, onFrame);
    decoder.push(frame.subarray(0, 4), onFrame);
    decoder.push(rest, onFrame);
    expect(seen.map(([, ...range]) => range)).toEqual([
      [4, 7],
      [0, 3],
    ]);
    expect(seen[0][0]).toBe(frame);
    expect(seen[1][0]).toBe(rest);
  });

  it('hands out frames without content at once', () => {
    const decoder = new FrameDecoder();
    expect(decode(decoder, new Uint8Array(4))).toEqual(['']);
    expect(decode(decoder, new Uint8Array(9))).toEqual(['', '']);
    expect(decoder.heldBytes).toBe(1);
  });

  it('tells what it holds of a half frame and what is missing', () => {
    const decoder = new FrameDecoder();
    const frame = encodeFrame(new Uint8Array(100));
    decode(decoder, frame.subarray(0, 3));
    expect([decoder.heldBytes, decoder.missingBytes]).toEqual([3, 0]);
    decode(decoder, frame.subarray(3, 4));
    expect([decoder.heldBytes, decoder.missingBytes]).toEqual([4, 100]);
    decode(decoder, frame.subarray(4, 50));
    expect([decoder.heldBytes, decoder.missingBytes]).toEqual([50, 54]);
    decode(decoder, frame.subarray(50));
    expect([decoder.heldBytes, decoder.missingBytes]).toEqual([0, 0]);
  });

  it('takes a frame of exactly the limit', () => {
    const frame = encodeFrame(new Uint8Array(1000).fill(7));
    expect(decode(new FrameDecoder(1000), ...pieces(frame, 300))).toEqual(['07'.repeat(1000)]);
  });

  it('refuses a frame above the limit once its length is there, and everything after it', () => {
    const decoder = new FrameDecoder(1000);
    const chunk = concat(encodeFrame(Uint8Array.of(5)), Uint8Array.of(0, 0, 0x03, 0xe9));
    const frames: number[] = [];
    const push = (bytes: Uint8Array) => decoder.push(bytes, (frame, start) => frames.push(frame[start]));
    expect(() => push(chunk)).toThrow(new FrameTooLargeError(1001, 1000));
    expect(frames).toEqual([5]);
    expect(() => push(encodeFrame(Uint8Array.of(6)))).toThrow('frame of 1001 bytes; the limit is 1000 bytes');
    expect(frames).toEqual([5]);
  });

  it('reads the length as unsigned', () => {
    const decoder = new FrameDecoder();
    const push = () => decode(decoder, Uint8Array.of(0xff, 0xff, 0xff, 0xff));
    expect(push).toThrow(new FrameTooLargeError(4_294_967_295, FRAME_SIZE_MAX));
  });

  it('never allocates what a length announces', () => {
    const before = process.memoryUsage().arrayBuffers;
    const decoders = Array.from({ length: 20 }, () => new FrameDecoder());
    for (const decoder of decoders) decode(decoder, Uint8Array.of(8, 0, 0, 0), new Uint8Array(1000));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
    expect(decoders.map(({ heldBytes }) => heldBytes)).toEqual(decoders.map(() => 1004));
  });

  it('copies a large frame in small pieces a bounded number of times', () => {
    const message = new Uint8Array(8 << 20).fill(3);
    const set = jest.spyOn(Uint8Array.prototype, 'set');
    const chunks = pieces(encodeFrame(message), 256);
    set.mockClear();
    const decoder = new FrameDecoder();
    let whole: Uint8Array | undefined;
    for (const chunk of chunks) decoder.push(chunk, (bytes, start, end) => (whole = bytes.slice(start, end)));
    const copied = set.mock.calls.reduce((sum, [source]) => sum + source.length, 0);
    set.mockRestore();
    expect(copied).toBeLessThan(3 * message.length);
    expect(Buffer.compare(whole ?? new Uint8Array(), message)).toBe(0);
  });
});
