import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Code } from '@connectrpc/connect';
import type { JobletConfig } from '@joblet/config';
import { PersistService } from '@joblet/proto/persist';
import {
  describeStep,
  listenOnSocketFile,
  messageOf,
  rateLimited,
  startMonitoring,
  watchClock,
} from '@joblet/service';
import { StorageError, type LogStore } from '@joblet/storage';
import type { Logger } from 'pino';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { orAborted } from './abortable.js';
import { openBackend, type Backend } from './backends.js';
import { createGrpcServer } from './grpc-server.js';
import { Ingest } from './ingest.js';
import { Ledger } from './ledger.js';
import {
  CLOSE_STORE_MS,
  DRAIN_CONNECTIONS_MS,
  DRAIN_QUERIES_MS,
  DRAIN_RETENTION_MS,
  DRAIN_STORING_MS,
  LOG_INTERVAL_MS,
  STUCK_STREAM_MS,
  WRITE_STUCK_MS,
} from './limits.js';
import { queryMetrics } from './query-metrics.js';
import { createQueryService } from './query-service.js';
import { startRetention } from './retention.js';
import { createWriteChannel, type Warn } from './write-channel.js';

export interface Persist {
  /**
   * Reads what producers have sent, stores it, ends the queries and closes the store; tells `enter` which step begins.
   * While the store fails it does not resolve: what could not be stored is in the log then.
   */
  drain(enter: (step: string) => void): Promise<void>;
}

export interface PersistOptions {
  readonly config: JobletConfig;
  /** Where paths in the configuration start. */
  readonly folder: string;
  readonly logger: Logger;
  /** Aborted when persist is to stop, also while it starts. */
  readonly stop: AbortSignal;
}

/**
 * Starts the service: the store first, then the query API, then the write channel. Rejects with StartError, or with the
 * reason of `stop` when that comes while the store opens.
 */
export async function startPersist(options: PersistOptions): Promise<Persist> {
  const backend = await openStore(options);
  try {
    return await serve(backend, options);
  } catch (error) {
    await Promise.race([backend.close(), delay(CLOSE_STORE_MS)]).catch(() => undefined);
    throw error;
  }
}

interface OpenBackend extends Backend {
  /** Tells a store that takes long that nobody waits for it much longer. */
  close(): Promise<void>;
}

async function openStore({ config, folder, logger, stop }: PersistOptions): Promise<OpenBackend> {
  const giveUp = new AbortController();
  const context = { logger, folder, nodeId: config.server.nodeId, signal: giveUp.signal };
  const stopOpening = (): void => giveUp.abort(stop.reason);
  stop.addEventListener('abort', stopOpening);
  const opening = openBackend(config, context);
  // One that opens after all is not left open: another process may wait for it.
  const closeLate = (): void => void opening.then(({ store }) => store.close()).catch(() => undefined);
  stop.addEventListener('abort', closeLate);
  try {
    const backend = await orAborted(opening, stop);
    return { ...backend, close: () => closeStore(backend.store, giveUp) };
  } finally {
    stop.removeEventListener('abort', stopOpening);
    stop.removeEventListener('abort', closeLate);
  }
}

async function closeStore(store: LogStore, giveUp: AbortController): Promise<void> {
  const patience = setTimeout(() => giveUp.abort(new Error('closing takes too long')), CLOSE_STORE_MS);
  try {
    await store.close();
  } finally {
    clearTimeout(patience);
  }
}

async function serve(backend: OpenBackend, { config, logger, stop }: PersistOptions): Promise<Persist> {
  const { store, close } = backend;
  const { persist, server } = config;
  const registry = new Registry();
  const ledger = new Ledger(registry);
  backend.register(registry);
  const log = rateLimited(logger, { intervalMs: LOG_INTERVAL_MS });
  const warn: Warn = (kind, fields, message) => log('warn', kind, fields, message);
  const call = queryMetrics(registry);

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
  new Gauge({
    name: 'persist_write_in_progress_seconds',
    help: 'How long the store has been at the write or deletion under way, retries included; 0 without one',
    registers: [registry],
    collect() {
      this.set(ingest.busyMs / 1_000);
    },
  });
  const clockSteps = new Counter({
    name: 'persist_clock_steps_total',
    help: 'How often the clock of this machine was set, by a second or more',
    labelNames: ['direction'],
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
    copiesBatches: backend.copiesBatches,
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
    onWritten: ({ durationMs, attempts }) => {
      writeSeconds.observe(durationMs / 1_000);
      if (attempts > 1) logger.info({ attempts, durationMs }, 'writes succeed again; nothing was lost');
    },
  });
  const channel = createWriteChannel({
    ingest,
    ledger,
    registry,
    logger,
    warn,
    connectionsMax: persist.ipc.max_connections,
    frameSizeMax: persist.ipc.max_message_size,
    budgetBytes: backend.budgetBytes,
  });
  /** Undefined when there is none. */
  const storageTrouble = (): string | undefined => {
    if (ingest.failure) return `writes fail and are tried again: ${messageOf(ingest.failure)}`;
    const seconds = Math.floor(ingest.busyMs / 1_000);
    if (ingest.busyMs >= WRITE_STUCK_MS) return `the store has been at one write for ${seconds} s`;
    return backend.trouble();
  };
  const queries = createQueryService({
    store,
    deleteJob: (jobId) => ingest.deleteJob(jobId),
    settled: () => ingest.settled(),
    healthy: () => storageTrouble() === undefined && !stop.aborted,
    nodeId: server.nodeId,
    limits: {
      concurrentMax: persist.query.max_concurrent,
      timeoutMs: persist.query.timeout_seconds * 1_000,
      rowsMax: persist.query.max_rows,
    },
    now: unixNow,
    startCall: (method) => {
      const end = call(method);
      return (failure) => {
        end(failure);
        if (failure?.code === Code.Internal) warn('query', { err: failure, method }, 'a query failed');
      };
    },
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
      status: stop.aborted ? 'stopping' : storageTrouble() === undefined ? 'ok' : 'degraded',
      checks: { storage: storageTrouble() ?? 'ok', inFlight: ledger.inFlight },
    }),
  });
  const clock = watchClock({
    onStep: (step) => {
      clockSteps.inc({ direction: step.foundMs < step.expectedMs ? 'back' : 'forward' });
      logger.warn(
        `${describeStep(step)}; rows keep their order and none is lost, but --since and --until may miss rows that came without a time of their own`,
      );
    },
  });
  const { logs_days, metrics_days, cleanup_schedule } = persist.storage.retention;
  const retention = startRetention({
    store,
    logsDays: logs_days,
    metricsDays: metrics_days,
    schedule: cleanup_schedule,
    now: unixNow,
    logger,
    registry,
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
      const startMs = performance.now();
      enter('reading what producers have sent');
      ipcSocket.remove();
      const report = await channel.drain({ timeoutMs: DRAIN_CONNECTIONS_MS });
      if (report.expired) logger.warn(report, 'producers still had something to send when time was over');
      enter(`storing ${ledger.inFlight} messages`);
      const isStored = await inTime(ingest.settled(), startMs + DRAIN_STORING_MS - performance.now());
      if (!isStored) throw notStored(ledger.inFlight, storageTrouble() ?? 'the store is slow');
      enter('ending queries');
      grpcSocket.remove();
      await grpc.close(DRAIN_QUERIES_MS);
      await inTime(retention.stop(), DRAIN_RETENTION_MS);
      enter(`closing the store (${persist.storage.type})`);
      await close();
      clock.stop();
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

/** Whether it is done before the time is over. */
async function inTime(work: Promise<void>, timeMs: number): Promise<boolean> {
  const timeout = new AbortController();
  const late = delay(Math.max(0, timeMs), false, { signal: timeout.signal }).catch(() => false);
  const isDone = await Promise.race([work.then(() => true), late]);
  timeout.abort();
  return isDone;
}

/** Its code makes it a line of the log without a stack: it is not a bug. */
function notStored(messages: number, trouble: string): StorageError {
  return new StorageError('UNAVAILABLE', `${messages} messages could not be stored and are lost: ${trouble}`);
}

/** The wall clock in Unix nanoseconds; it has milliseconds. */
function unixNow(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}
