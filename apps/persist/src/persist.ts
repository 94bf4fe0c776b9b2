import type { AddressInfo } from 'node:net';
import type { JobletConfig } from '@joblet/config';
import { PersistService } from '@joblet/proto/persist';
import { listenOnSocketFile, rateLimited, startMonitoring } from '@joblet/service';
import type { Logger } from 'pino';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { openBackend } from './backends.js';
import { createGrpcServer } from './grpc-server.js';
import { Ingest } from './ingest.js';
import { Ledger } from './ledger.js';
import { DRAIN_CONNECTIONS_MS, DRAIN_QUERIES_MS, LOG_INTERVAL_MS, STUCK_STREAM_MS } from './limits.js';
import { queryMetrics } from './query-metrics.js';
import { createQueryService } from './query-service.js';
import { createWriteChannel, type Warn } from './write-channel.js';

const MIB = 1024 * 1024;

export interface Persist {
  /**
   * Reads what producers have sent, stores it, ends the queries and closes the store; tells `enter` which step begins.
   * While the store fails it does not resolve: what could not be stored is in the log then.
   */
  drain(enter: (step: string) => void): Promise<void>;
}

/** Starts the service: the store first, then the query API, then the write channel. */
export async function startPersist(config: JobletConfig, logger: Logger): Promise<Persist> {
  const { persist, server } = config;
  const registry = new Registry();
  const ledger = new Ledger(registry);
  const log = rateLimited(logger, { intervalMs: LOG_INTERVAL_MS });
  const warn: Warn = (kind, fields, message) => log('warn', kind, fields, message);
  const store = await openBackend(config, logger);
  let stopping = false;

  const writeSeconds = new Histogram({
    name: 'persist_write_latency_seconds',
    help: 'Time of a write to the store, its retries included',
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5],
    registers: [registry],
  });
  const writeFailures = new Counter({
    name: 'persist_write_failures_total',
    help: 'Writes to the store that failed and were tried again',
    registers: [registry],
  });
  let pendingBytes = 0;
  new Gauge({
    name: 'persist_ingest_pending_bytes',
    help: 'Bytes of messages that are read and not stored yet (bound: persist.writer.queue_mb)',
    registers: [registry],
    collect() {
      this.set(pendingBytes);
    },
  });
  const ingest: Ingest = new Ingest({
    store,
    ledger,
    now: unixNow,
    random: Math.random,
    onPending(bytes) {
      pendingBytes = bytes;
      channel.reportPending(bytes);
    },
    onRejectedJobId: (jobId) => warn('job_id', { jobId }, 'messages with an invalid job id are rejected'),
    onRetry: (error, attempt) => {
      writeFailures.inc();
      warn(
        'write',
        { err: error, attempt },
        'a write failed and is tried again; producers are held back meanwhile',
      );
    },
    onWritten: ({ durationMs }) => writeSeconds.observe(durationMs / 1_000),
  });
  const channel = createWriteChannel({
    ingest,
    ledger,
    registry,
    logger,
    warn,
    connectionsMax: persist.ipc.max_connections,
    frameSizeMax: persist.ipc.max_message_size,
    budgetBytes: persist.writer.queue_mb * MIB,
  });
  const queries = createQueryService({
    store,
    deleteJob: (jobId) => ingest.deleteJob(jobId),
    settled: () => ingest.settled(),
    healthy: () => !ingest.failing && !stopping,
    nodeId: server.nodeId,
    limits: {
      concurrentMax: persist.query.max_concurrent,
      timeoutMs: persist.query.timeout_seconds * 1_000,
      rowsMax: persist.query.max_rows,
    },
    now: unixNow,
    startCall: queryMetrics(registry),
  });
  const grpc = createGrpcServer({
    routes: (router) => router.service(PersistService, queries),
    streamsMax: persist.server.max_connections,
    stuckStreamMs: persist.query.timeout_seconds * 1_000 + STUCK_STREAM_MS,
  });
  const grpcSocket = await listenOnSocketFile(grpc.server, persist.server.grpc_socket);
  const ipcSocket = await listenOnSocketFile(channel.netServer, persist.ipc.socket);
  const monitoring = await startMonitoring({
    ...persist.monitoring,
    registry,
    logger,
    check: () => ({
      status: stopping ? 'stopping' : ingest.failing ? 'degraded' : 'ok',
      checks: {
        storage: ingest.failing ? 'writes fail and are tried again' : 'ok',
        inFlight: ledger.inFlight,
      },
    }),
  });
  logger.info(
    {
      grpcSocket: grpcSocket.path,
      ipcSocket: ipcSocket.path,
      baseDir: persist.storage.base_dir,
      metrics: hostAndPort(monitoring.prometheus),
      health: hostAndPort(monitoring.health),
    },
    'persist is ready',
  );

  return {
    async drain(enter) {
      stopping = true;
      enter('reading what producers have sent');
      ipcSocket.remove();
      const report = await channel.drain({ timeoutMs: DRAIN_CONNECTIONS_MS });
      if (report.expired) logger.warn(report, 'producers still had something to send when time was over');
      enter(`storing ${ledger.inFlight} messages`);
      await ingest.settled();
      enter('ending queries');
      grpcSocket.remove();
      await grpc.close(DRAIN_QUERIES_MS);
      enter('closing the store');
      await store.close();
      await monitoring.close();
    },
  };
}

function hostAndPort(address: AddressInfo | undefined): string | undefined {
  if (!address) return undefined;
  return address.family === 'IPv6'
    ? `[${address.address}]:${address.port}`
    : `${address.address}:${address.port}`;
}

/** The wall clock in Unix nanoseconds; it has milliseconds. */
function unixNow(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}
