import { join } from 'node:path';
import * as z from 'zod';
import {
  choice,
  flag,
  listenAddress,
  openSection,
  path,
  pathOr,
  SECTION,
  socketPath,
  text,
  wholeNumber,
} from './fields.js';
import * as limits from './limits.js';
import type { Places } from './places.js';

/** The section `persist`. */
export function persistSchema(places: Places) {
  return z
    .object(
      {
        server: serverSchema(places),
        ipc: ipcSchema(places),
        storage: storageSchema(places),
        writer: writerSchema(),
        query: querySchema(),
        monitoring: monitoringSchema(),
      },
      SECTION,
    )
    .superRefine(({ server, ipc }, context) => {
      if (server.grpc_socket !== ipc.socket) return;
      const path = ['server', 'grpc_socket'];
      context.addIssue({ code: 'custom', path, input: ipc.socket, message: 'another path than ipc.socket' });
    })
    .prefault({});
}

function serverSchema({ baseDir, folder, socketBytesMax }: Places) {
  const grpcSocket = join(baseDir, 'run/persist-grpc.sock');
  const pem = 'Path of a PEM file.';
  return z
    .object(
      {
        grpc_socket: socketPath(folder, socketBytesMax, grpcSocket, 'Unix socket of the query API.'),
        grpc_address: listenAddress('', 'TCP address of the query API, with TLS; "": none.'),
        max_connections: wholeNumber(500, limits.CONNECTIONS, 'Streams of the query API at once.'),
        tls: z
          .object(
            {
              cert_file: pathOr([''], folder, '', `The server's certificate. ${pem}`),
              key_file: pathOr([''], folder, '', `The server's private key. ${pem}`),
              ca_file: pathOr([''], folder, '', `What clients' certificates are checked against. ${pem}`),
              client_auth: choice(['require', 'request', 'none'], 'Whether clients must show a certificate.'),
            },
            SECTION,
          )
          .prefault({}),
      },
      SECTION,
    )
    .prefault({});
}

function ipcSchema({ baseDir, folder, socketBytesMax }: Places) {
  const socket = join(baseDir, 'run/persist-ipc.sock');
  return z
    .object(
      {
        socket: socketPath(folder, socketBytesMax, socket, 'Unix socket that producers write to.'),
        max_connections: wholeNumber(
          256,
          limits.CONNECTIONS,
          'Connections that are read at once; others wait.',
        ),
        max_message_size: wholeNumber(134_217_728, limits.MESSAGE_BYTES, 'Longest frame, in bytes.'),
        read_buffer: wholeNumber(8_388_608, limits.BUFFER_BYTES, "A connection's read buffer, in bytes."),
        write_buffer: wholeNumber(8_388_608, limits.BUFFER_BYTES, "A connection's write buffer, in bytes."),
      },
      SECTION,
    )
    .prefault({});
}

function storageSchema(places: Places) {
  return z
    .object(
      {
        type: z
          .string('the name of a storage type, or of a module')
          .min(1, 'the name of a storage type, or of a module')
          .prefault('local')
          .describe('local, cloudwatch, s3, elasticsearch, multi, or a module name or path.'),
        base_dir: path(places.folder, places.baseDir, 'What run/, logs/, metrics/ and state/ are below.'),
        local: localSchema(places),
        cloudwatch: openSection('Amazon CloudWatch.'),
        s3: openSection('Amazon S3 and what speaks its protocol.'),
        elasticsearch: openSection('Elasticsearch.'),
        multi: openSection('Several stores at once.'),
        options: openSection('Options of a custom module, checked by the module.'),
        retention: z
          .object(
            {
              logs_days: wholeNumber(7, limits.RETENTION_DAYS, 'Days that logs are kept; 0: for ever.'),
              metrics_days: wholeNumber(
                30,
                limits.RETENTION_DAYS,
                'Days that metrics are kept; 0: for ever.',
              ),
              cleanup_schedule: z
                .string(CRON_ALLOWED)
                .regex(/^\S+(?:\s+\S+){4}$/, CRON_ALLOWED)
                .prefault('0 2 * * *')
                .describe('When expired data is removed: five cron fields, local time.'),
              archive_before_delete: flag(false, 'Copies data elsewhere before it expires.'),
            },
            SECTION,
          )
          .prefault({}),
        compression: z
          .object(
            {
              enabled: flag(true, 'Off: plain .log and .jsonl files, whatever `format` says.'),
              algorithm: choice(['gzip'], 'How files are compressed.'),
              level: wholeNumber(
                3,
                limits.GZIP_LEVEL,
                '1 is fast, 9 is small; real logs: 6 saves a fifth and takes twice the time.',
              ),
            },
            SECTION,
          )
          .prefault({}),
      },
      SECTION,
    )
    .prefault({});
}

const CRON_ALLOWED = 'five cron fields such as 0 2 * * *';

function localSchema({ baseDir, folder }: Places) {
  const format = choice(['jsonl.gz', 'jsonl'], 'Format of the files.');
  const rotation = (maxSizeMb: number) =>
    z
      .object(
        {
          max_size_mb: wholeNumber(maxSizeMb, limits.ROTATION_MB, 'Size on disk of one file, in MiB.'),
          max_files: wholeNumber(0, limits.ROTATED_FILES, 'Rotated files that are kept; 0: all.'),
          compress_rotated: flag(true, 'Compresses rotated files that are not compressed yet.'),
        },
        SECTION,
      )
      .prefault({});
  return z
    .object(
      {
        logs: z
          .object(
            {
              directory: path(folder, join(baseDir, 'logs'), 'A folder for each job is made here.'),
              format,
              content: choice(
                ['text', 'base64'],
                'How UTF-8 content is written; other content is always base64.',
              ),
              rotation: rotation(100),
            },
            SECTION,
          )
          .prefault({}),
        metrics: z
          .object(
            {
              directory: path(folder, join(baseDir, 'metrics'), 'A folder for each job is made here.'),
              format,
              rotation: rotation(50),
            },
            SECTION,
          )
          .prefault({}),
      },
      SECTION,
    )
    .prefault({});
}

function writerSchema() {
  return z
    .object(
      {
        sync: choice(
          ['always', 'interval', 'never'],
          'When data is synced to the disk before it is acknowledged.',
        ),
        sync_interval_ms: wholeNumber(
          1_000,
          limits.SYNC_INTERVAL_MS,
          'For `sync: interval`, in milliseconds.',
        ),
        queue_mb: wholeNumber(64, limits.QUEUE_MB, 'Memory for what is not stored yet, in MiB.'),
        block_kb: wholeNumber(256, limits.BLOCK_KB, 'Text in one compressed block, in KiB.'),
        seal_idle_seconds: wholeNumber(
          60,
          limits.SEAL_IDLE_SECONDS,
          'Seconds without a row after which a block ends.',
        ),
        reserve_mb: wholeNumber(
          256,
          limits.RESERVE_MB,
          'Free space that is left alone, in MiB (or 1 % of the file system, the smaller).',
        ),
        segment_mb: wholeNumber(
          64,
          limits.SEGMENT_MB,
          'Size of a write-ahead log file, in MiB (at most 1/16 of the free space).',
        ),
        spool_max_mb: wholeNumber(
          1_024,
          limits.SPOOL_MB,
          'Disk space for what a remote store has not taken, in MiB.',
        ),
      },
      SECTION,
    )
    .prefault({});
}

function querySchema() {
  return z
    .object(
      {
        max_concurrent: wholeNumber(32, limits.CONCURRENT_QUERIES, 'Queries at once; tails do not count.'),
        timeout_seconds: wholeNumber(300, limits.QUERY_TIMEOUT_SECONDS, 'Longest query, in seconds.'),
        max_rows: wholeNumber(0, limits.QUERY_ROWS, 'Rows that one query may return; 0: no limit.'),
      },
      SECTION,
    )
    .prefault({});
}

function monitoringSchema() {
  return z
    .object(
      {
        prometheus: listenAddress('127.0.0.1:9092', 'Address of /metrics; "": off.'),
        health: listenAddress('127.0.0.1:9093', 'Address of /health; "": off.'),
        tracing: z
          .object(
            { otlp_endpoint: text('', 'OTLP/HTTP endpoint that traces are sent to; "": off.') },
            SECTION,
          )
          .prefault({}),
      },
      SECTION,
    )
    .prefault({});
}
