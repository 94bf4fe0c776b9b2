import { encodeLogLine } from '@joblet/wire';
import fc from 'fast-check';
import type { BlockRows } from '../block/block-rows.js';
import { blockRows } from './block-rows.js';

const INT64_MAX = 2n ** 63n - 1n;

const int64 = fc.oneof(
  fc.constantFrom(0n, 1n, -1n, 999_999_999n, 10n ** 9n, 10n ** 18n, INT64_MAX, -INT64_MAX - 1n),
  fc.bigInt({ min: -INT64_MAX - 1n, max: INT64_MAX }),
);

const uint64 = fc.oneof(
  fc.constantFrom(0n, 1n, 99n, 100n, 2n ** 32n, 10n ** 18n, 10n ** 19n, 2n ** 64n - 1n),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
);

const utf8 = (text: string) => Buffer.from(text);

/** At both sides of each rule of UTF-8 (RFC 3629). */
export const UTF8_EDGES = [
  ...['7f', 'c280', 'dfbf', 'e0a080', 'ed9fbf', 'ee8080', 'f0908080', 'f48fbfbf'],
  ...[
    '80',
    'c1bf',
    'c3',
    'c341',
    'e09fbf',
    'e282',
    'e28241',
    'eda080',
    'f08fbfbf',
    'f0908041',
    'f4908080',
    'f5808080',
  ],
].map((hex) => Buffer.from(hex, 'hex'));

/** Binary, text with much that must be escaped, other UTF-8, all around the 16 bytes of a vector. */
const content: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.uint8Array({ maxLength: 70, max: 0x7f }),
  fc
    .string({ unit: fc.constantFrom('a', '<', '"', '\\', '\n', '\0', '\x1f', '\x7f', 'é', '\u2028', '😀') })
    .map(utf8),
  fc.string({ unit: 'binary', maxLength: 60 }).map(utf8),
  fc
    .tuple(fc.string({ unit: 'grapheme', maxLength: 60 }).map(utf8), fc.nat(), fc.nat({ max: 255 }))
    .map(withOneByte),
  fc.string({ unit: 'grapheme-ascii', maxLength: 300 }).map(utf8),
  fc
    .tuple(
      fc.string({ unit: 'grapheme-ascii', maxLength: 20 }).map(utf8),
      fc.array(fc.constantFrom(...UTF8_EDGES), { maxLength: 2 }),
    )
    .map(([text, edges]) => Buffer.concat([text, ...edges])),
);

function withOneByte([bytes, at, byte]: [Buffer, number, number]): Buffer {
  if (bytes.length > 0) bytes[at % bytes.length] = byte;
  return bytes;
}

/** Fields that a later daemon may add: of each wire type. */
const unknownFields = fc.constantFrom(
  Buffer.alloc(0),
  Buffer.of(0x30, 0xff, 0x01),
  Buffer.of(0x31, 1, 2, 3, 4, 5, 6, 7, 8),
  Buffer.of(0x32, 2, 0x20, 0x07),
  Buffer.of(0x33, 0x20, 0x07, 0x34),
  Buffer.of(0x35, 1, 2, 3, 4),
  Buffer.of(0xf8, 0x01, 0x07),
);

const message = fc
  .tuple(
    fc.record({
      jobId: fc.constantFrom('j', 'other', ''),
      stream: fc.oneof(fc.constantFrom(0, 1, 2, -1, 2 ** 31 - 1, -(2 ** 31)), fc.constantFrom(1, 2)),
      timestamp: int64,
      sequence: uint64,
      content,
    }),
    unknownFields,
    fc.boolean(),
  )
  .map(([line, unknown, before]) => {
    const known = encodeLogLine(line);
    return Buffer.concat(before ? [unknown, known] : [known, unknown]);
  });

const row = fc.record({
  message,
  timestamp: int64,
  skip: fc.oneof(fc.constant(1n), fc.bigInt({ min: 1n, max: 2n ** 40n })),
  padding: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat({ max: 20 })),
});

/** Arbitrary LogLines of a job. */
export const lineRows: fc.Arbitrary<BlockRows> = fc.array(row, { maxLength: 40 }).map((rows) => {
  let ordinal = 0n;
  return blockRows(rows.map(({ skip, ...rest }) => ({ ...rest, ordinal: (ordinal += skip) })));
});
