import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FrameDecoder } from './frame-decoder.js';
import { encodeFrame } from './frame-encoder.js';
import { FrameTooLargeError } from './frame-too-large-error.js';
import { framesOf } from './testing/capture.js';
import { concat } from './testing/messages.js';

const LIMIT = 300;

interface Outcome {
  frames: string[];
  failure: number | undefined;
}

/** Pushes the chunks and checks the decoder's invariant after each. */
function run(chunks: Uint8Array[]): Outcome {
  const decoder = new FrameDecoder(LIMIT);
  const frames: string[] = [];
  for (const chunk of chunks) {
    try {
      decoder.push(chunk, (bytes, start, end) =>
        frames.push(Buffer.from(bytes.subarray(start, end)).toString('hex')),
      );
    } catch (error) {
      if (!(error instanceof FrameTooLargeError)) throw error;
      return { frames, failure: error.frameBytes };
    }
    const bodyBytes = Math.max(0, decoder.heldBytes - 4);
    expect(decoder['body'].length).toBeLessThanOrEqual(Math.min(LIMIT, 2 * bodyBytes));
    expect(decoder.heldBytes === 4 + bodyBytes).toBe(decoder.missingBytes > 0);
  }
  return { frames, failure: undefined };
}

function split(bytes: Uint8Array, sizes: number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let pos = 0;
  for (const size of sizes) {
    chunks.push(bytes.subarray(pos, pos + size));
    pos += size;
  }
  return [...chunks, bytes.subarray(pos)];
}

const sizes = fc.array(fc.nat(90), { maxLength: 40 });

describe('FrameDecoder, fuzzed', () => {
  it('gives back any messages, in any split', () => {
    const messages = fc.array(fc.uint8Array({ maxLength: LIMIT }), { maxLength: 20 });
    fc.assert(
      fc.property(messages, sizes, (list, cuts) => {
        const stream = concat(...list.map((message) => encodeFrame(message)));
        const frames = list.map((message) => Buffer.from(message).toString('hex'));
        expect(run(split(stream, cuts))).toEqual({ frames, failure: undefined });
        expect(framesOf(stream)).toHaveLength(list.length);
      }),
      { numRuns: 500 },
    );
  });

  it('says the same of any bytes, however they are split', () => {
    const small = fc.tuple(fc.constant(0), fc.constant(0), fc.nat(2), fc.nat(255));
    const noise = fc.array(fc.oneof(small, fc.array(fc.nat(255), { maxLength: 80 })), { maxLength: 12 });
    fc.assert(
      fc.property(noise, sizes, (parts, cuts) => {
        const stream = Uint8Array.from(parts.flat());
        expect(run(split(stream, cuts))).toEqual(run([stream]));
      }),
      { numRuns: 1000 },
    );
  });
});
