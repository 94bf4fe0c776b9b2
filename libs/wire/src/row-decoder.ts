import { decodeBase64 } from './base64.js';
import { JsonKeys } from './json-keys.js';
import { JsonScanner } from './json-scanner.js';
import type { DiskIo, MetricData, NetworkIo } from './messages.js';
import type { StoredGap, StoredLogRow, StoredMetricRow } from './stored-row.js';

const LOG_KEYS = new JsonKeys(
  'job_id',
  'job_uuid',
  'stream',
  'timestamp',
  'sequence',
  'ordinal',
  'text',
  'content',
  'gap',
);
const METRIC_KEYS = new JsonKeys('job_id', 'job_uuid', 'timestamp', 'sequence', 'ordinal', 'data', 'gap');
const DATA_KEYS = new JsonKeys('cpu_usage', 'memory_usage', 'gpu_usage', 'disk_io', 'network_io');
const DISK_KEYS = new JsonKeys('read_bytes', 'write_bytes', 'read_ops', 'write_ops');
const NETWORK_KEYS = new JsonKeys('rx_bytes', 'tx_bytes', 'rx_packets', 'tx_packets');
const GAP_KEYS = new JsonKeys('stream', 'after_ordinal', 'rows', 'bytes', 'reason');

const NOTHING = new Uint8Array(0);
const scanner = new JsonScanner();

/**
 * The log row in `bytes[start, end)`, without its newline. Keys come in any order, unknown ones are skipped, of equal
 * ones the last counts, null counts as absent. `content` may be a view of `bytes`. Throws WireError.
 */
export function decodeLogRow(bytes: Uint8Array, start: number, end: number): StoredLogRow {
  const row: StoredLogRow = { jobId: '', stream: 0, timestamp: 0n, sequence: 0n, content: NOTHING };
  scanner.document(bytes, start, end, LOG_KEYS, row, logMember);
  return row;
}

/** The metric row in `bytes[start, end)`; otherwise as `decodeLogRow`. */
export function decodeMetricRow(bytes: Uint8Array, start: number, end: number): StoredMetricRow {
  const row: StoredMetricRow = { jobId: '', timestamp: 0n, sequence: 0n };
  scanner.document(bytes, start, end, METRIC_KEYS, row, metricMember);
  return row;
}

function logMember(row: StoredLogRow, key: string): void {
  if (key === 'stream') row.stream = scanner.int32();
  else if (key === 'text') row.content = scanner.textBytes();
  else if (key === 'content') row.content = base64();
  else commonMember(row, key);
}

function metricMember(row: StoredMetricRow, key: string): void {
  if (key !== 'data') return commonMember(row, key);
  row.data = { cpuUsage: 0, memoryUsage: 0n, gpuUsage: 0 };
  scanner.object(DATA_KEYS, row.data, dataMember);
}

function commonMember(row: StoredLogRow | StoredMetricRow, key: string): void {
  if (key === 'timestamp') row.timestamp = scanner.int64();
  else if (key === 'sequence') row.sequence = scanner.uint64();
  else if (key === 'ordinal') row.ordinal = scanner.uint64();
  else if (key === 'gap') {
    row.gap = { reason: '' };
    scanner.object(GAP_KEYS, row.gap, gapMember);
  } else row.jobId = scanner.text();
}

function gapMember(gap: StoredGap, key: string): void {
  if (key === 'stream') gap.stream = scanner.int32();
  else if (key === 'after_ordinal') gap.afterOrdinal = scanner.uint64();
  else if (key === 'rows') gap.rows = scanner.uint64();
  else if (key === 'bytes') gap.bytes = scanner.uint64();
  else gap.reason = scanner.text();
}

function dataMember(data: MetricData, key: string): void {
  if (key === 'cpu_usage') data.cpuUsage = scanner.double();
  else if (key === 'memory_usage') data.memoryUsage = scanner.int64();
  else if (key === 'gpu_usage') data.gpuUsage = scanner.double();
  else if (key === 'disk_io') {
    data.diskIo = { readBytes: 0n, writeBytes: 0n, readOps: 0n, writeOps: 0n };
    scanner.object(DISK_KEYS, data.diskIo, diskMember);
  } else {
    data.networkIo = { rxBytes: 0n, txBytes: 0n, rxPackets: 0n, txPackets: 0n };
    scanner.object(NETWORK_KEYS, data.networkIo, networkMember);
  }
}

function diskMember(io: DiskIo, key: string): void {
  if (key === 'read_bytes') io.readBytes = scanner.int64();
  else if (key === 'write_bytes') io.writeBytes = scanner.int64();
  else if (key === 'read_ops') io.readOps = scanner.int64();
  else io.writeOps = scanner.int64();
}

function networkMember(io: NetworkIo, key: string): void {
  if (key === 'rx_bytes') io.rxBytes = scanner.int64();
  else if (key === 'tx_bytes') io.txBytes = scanner.int64();
  else if (key === 'rx_packets') io.rxPackets = scanner.int64();
  else io.txPackets = scanner.int64();
}

function base64(): Uint8Array {
  const text = scanner.textBytes();
  const decoded = decodeBase64(text, 0, text.length);
  if (typeof decoded !== 'number') return decoded;
  const found =
    decoded < text.length
      ? `character ${decoded + 1} of ${text.length} out of place`
      : `${text.length} characters`;
  throw scanner.invalid(found, 'standard base64 with padding');
}
