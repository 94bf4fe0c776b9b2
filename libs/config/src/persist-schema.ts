import { join } from 'node:path';
import { choice, httpUrl, listenAddress, pathOr, section, socketPath, wholeNumber } from './fields.js';
import * as limits from './limits.js';
import type { Places } from './places.js';
import { storageSchema } from './storage-schema.js';

/** The section `persist`. */
export function persistSchema(places: Places) {
  return section('The service that keeps output and metrics.', {
    server: serverSchema(places),
    ipc: ipcSchema(places),
    storage: storageSchema(places),
    writer: writerSchema(),
    query: querySchema(),
    monitoring: monitoringSchema(),
  });
}

function serverSchema({ baseDir, folder, socketBytesMax }: Places) {
  const grpcSocket = join(baseDir, 'run/persist-grpc.sock');
  const pemFile = (about: string) => pathOr([''], folder, '', `${about}, a PEM file.`);
  return section('The query API.', {
    grpc_socket: socketPath(folder, socketBytesMax, grpcSocket, 'Unix socket of the query API.'),
    grpc_address: listenAddress('', 'TCP address of the query API, with TLS; "": none.'),
    max_connections: wholeNumber(500, limits.CONNECTIONS, 'Streams of the query API at once.'),
    tls: section('Certificates for `grpc_address`. Those of `security` are used where no file is named.', {
      cert_file: pemFile("The server's certificate"),
      key_file: pemFile("The server's private key"),
      ca_file: pemFile("What clients' certificates are checked against"),
      client_auth: choice(['require', 'request', 'none'], 'Whether clients must show a certificate.'),
    }),
  });
}

function ipcSchema({ folder, socketBytesMax, persistSocket }: Places) {
  return section('The write channel.', {
    socket: socketPath(
      folder,
      socketBytesMax,
      persistSocket,
      "Unix socket that producers write to; absent: the root section's `ipc.socket`, else below base_dir.",
    ),
    max_connections: wholeNumber(256, limits.CONNECTIONS, 'Connections that are read at once; others wait.'),
    max_message_size: wholeNumber(134_217_728, limits.MESSAGE_BYTES, 'Longest frame.', 'bytes'),
    read_buffer: wholeNumber(8_388_608, limits.BUFFER_BYTES, "A connection's read buffer.", 'bytes'),
    write_buffer: wholeNumber(8_388_608, limits.BUFFER_BYTES, "A connection's write buffer.", 'bytes'),
  });
}

function writerSchema() {
  return section('How data gets to the disk.', {
    sync: choice(
      ['always', 'interval', 'never'],
      'When data is synced to the disk before it is acknowledged.',
    ),
    sync_interval_ms: wholeNumber(1_000, limits.SYNC_INTERVAL_MS, 'For `sync: interval`.', 'ms'),
    queue_mb: wholeNumber(64, limits.QUEUE_MB, 'Memory for what is not stored yet.', 'MiB'),
    block_kb: wholeNumber(256, limits.BLOCK_KB, 'Text in one compressed block.', 'KiB'),
    seal_idle_seconds: wholeNumber(
      60,
      limits.SEAL_IDLE_SECONDS,
      'Time without a row after which a block ends.',
      's',
    ),
    reserve_mb: wholeNumber(
      256,
      limits.RESERVE_MB,
      'Free space that is left alone (or 1 % of the file system, the smaller).',
      'MiB',
    ),
    segment_mb: wholeNumber(
      64,
      limits.SEGMENT_MB,
      'Size of a write-ahead log file at the most (and 1/16 of the free space); 8 while the log is short.',
      'MiB',
    ),
    spool_max_mb: wholeNumber(
      1_024,
      limits.SPOOL_MB,
      'Disk space for what a remote store has not taken.',
      'MiB',
    ),
  });
}

function querySchema() {
  return section('Limits of queries.', {
    max_concurrent: wholeNumber(32, limits.CONCURRENT_QUERIES, 'Queries at once; tails do not count.'),
    timeout_seconds: wholeNumber(300, limits.QUERY_TIMEOUT_SECONDS, 'Longest query.', 's'),
    max_rows: wholeNumber(0, limits.QUERY_ROWS, 'Rows that one query may return; 0: no limit.'),
  });
}

function monitoringSchema() {
  return section('What monitoring asks.', {
    prometheus: listenAddress('127.0.0.1:9092', 'Address of /metrics; "": off.'),
    health: listenAddress('127.0.0.1:9093', 'Address of /health; "": off.'),
    tracing: section('OpenTelemetry traces.', {
      otlp_endpoint: httpUrl('OTLP/HTTP endpoint that traces are sent to; "": off.'),
    }),
  });
}
