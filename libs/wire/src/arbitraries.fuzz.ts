import fc from 'fast-check';
import type { IpcMessage, LogLine, Metric, MetricData } from './index.js';

// What the property tests draw from: extremes often, and everything else.
const INT64_MAX = 2n ** 63n - 1n;
const UINT64_MAX = 2n ** 64n - 1n;

export const int64 = fc.oneof(
  fc.constantFrom(0n, 1n, -1n, 127n, 128n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n + 1n, 10n ** 18n),
  fc.constantFrom(-(2n ** 31n), -(2n ** 32n), -(2n ** 53n) - 1n, INT64_MAX, -INT64_MAX - 1n),
  fc.bigInt({ min: -INT64_MAX - 1n, max: INT64_MAX }),
);

export const uint64 = fc.oneof(
  fc.constantFrom(
    0n,
    1n,
    999_999_999n,
    10n ** 9n,
    2n ** 53n + 1n,
    10n ** 18n,
    10n ** 19n,
    INT64_MAX + 1n,
    UINT64_MAX,
  ),
  fc.bigInt({ min: 0n, max: UINT64_MAX }),
);

export const int32 = fc.oneof(fc.constantFrom(0, 1, 2, -1, 127, 128, 2 ** 31 - 1, -(2 ** 31)), fc.integer());

export const uint32 = fc.oneof(fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1), fc.nat());

export const double = fc.oneof(
  fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 5e-324, 1e-7, 1e21),
  fc.double(),
);

export const text = fc.oneof(
  fc.uuid(),
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ minLength: 126, maxLength: 130 }),
);

/** Binary, ASCII with much that must be escaped, and other UTF-8. */
export const content: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.uint8Array({ maxLength: 40, max: 0x7f }),
  fc.string({ unit: fc.constantFrom('a', '"', '\\', '\n', '\0', '\x1f', 'é', '\u2028', '😀') }).map(utf8),
  fc.string({ unit: 'binary', maxLength: 60 }).map(utf8),
);

const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });

const diskIo = fc.record({ readBytes: int64, writeBytes: int64, readOps: int64, writeOps: int64 });
const networkIo = fc.record({ rxBytes: int64, txBytes: int64, rxPackets: int64, txPackets: int64 });

const metricData: fc.Arbitrary<MetricData> = fc
  .record({
    cpuUsage: double,
    memoryUsage: int64,
    gpuUsage: double,
    diskIo: optional(diskIo),
    networkIo: optional(networkIo),
  })
  .map(({ diskIo, networkIo, ...rest }) => ({
    ...rest,
    ...(diskIo && { diskIo }),
    ...(networkIo && { networkIo }),
  }));

export const ipcMessage: fc.Arbitrary<IpcMessage> = fc.record({
  version: uint32,
  type: int32,
  jobId: text,
  timestamp: int64,
  sequence: uint64,
  data: content,
});

export const logLine: fc.Arbitrary<LogLine> = fc.record({
  jobId: text,
  stream: int32,
  timestamp: int64,
  sequence: uint64,
  content,
});

export const metric: fc.Arbitrary<Metric> = fc
  .record({ jobId: text, timestamp: int64, sequence: uint64, data: optional(metricData) })
  .map(({ data, ...rest }) => ({ ...rest, ...(data && { data }) }));

function utf8(string: string): Uint8Array {
  return Buffer.from(string);
}
