import fc from 'fast-check';
import type { NewLogRow } from './log-batch.js';
import type { NewMetricRow } from './metric-batch.js';

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const jobId = fc.constantFrom('a', 'b', 'c.d', 'x'.repeat(128));

export const logRows: fc.Arbitrary<NewLogRow[]> = fc.array(
  fc.record({
    jobId,
    stream: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    timestamp: int64,
    sequence: uint64,
    content: fc.uint8Array({ maxLength: 60 }),
  }),
  { maxLength: 30 },
);

const diskIo = fc.record({ readBytes: int64, writeBytes: int64, readOps: int64, writeOps: int64 });
const networkIo = fc.record({ rxBytes: int64, txBytes: int64, rxPackets: int64, txPackets: int64 });
const data = fc.record(
  { cpuUsage: fc.double(), memoryUsage: int64, gpuUsage: fc.double(), diskIo, networkIo },
  { requiredKeys: ['cpuUsage', 'memoryUsage', 'gpuUsage'] },
);

export const metricRows: fc.Arbitrary<NewMetricRow[]> = fc.array(
  fc.record(
    { jobId, timestamp: int64, sequence: uint64, data },
    { requiredKeys: ['jobId', 'timestamp', 'sequence'] },
  ),
  { maxLength: 30 },
);
