import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from '@connectrpc/connect';
import type {
  JobInfoSchema,
  ListJobsRequest,
  ListJobsResponseSchema,
  LogLineSchema,
  MetricSchema,
  PersistService,
  QueryLogsRequest,
  QueryMetricsRequest,
} from '@joblet/proto/persist';
import {
  hasFeature,
  type Gap,
  type JobCatalog,
  type JobInfo,
  type LogStore,
  type MetricRow,
} from '@joblet/storage';
import { MetricAggregator, parseAggregation } from './aggregate-metrics.js';
import { toConnectError } from './connect-errors.js';
import { decodeCursor, encodeCursor, isBehind } from './job-cursor.js';
import { LIST_JOBS_DEFAULT, LIST_JOBS_MAX, SETTLE_FAILING_MS, SETTLE_MS } from './limits.js';
import { jobListQuery, logQuery, metricQuery } from './query-request.js';
import { Slots } from './slots.js';

export interface QueryServiceOptions {
  readonly store: LogStore;
  /** Deletes behind everything that has arrived before. */
  readonly deleteJob: (jobId: string) => Promise<void>;
  /** Resolves when everything that has arrived before is stored. */
  readonly settled: () => Promise<void>;
  readonly healthy: () => boolean;
  readonly nodeId: string;
  readonly limits: {
    /** Queries at a time; others wait. */
    readonly concurrentMax: number;
    readonly timeoutMs: number;
    /** 0: no limit. */
    readonly rowsMax: number;
  };
  /** Unix nanoseconds. */
  readonly now: () => bigint;
}

type LogLineInit = MessageInitShape<typeof LogLineSchema>;

/** The persist service's methods over a store; knows nothing of sockets. */
export function createQueryService(options: QueryServiceOptions): ServiceImpl<typeof PersistService> {
  const { store, limits } = options;
  const slots = new Slots(limits.concurrentMax);

  /** Gives the query a slot, a deadline and an answer to every error. */
  async function* run<Item>(
    context: HandlerContext,
    rows: (signal: AbortSignal) => AsyncIterable<Item>,
  ): AsyncGenerator<Item> {
    const deadline = AbortSignal.timeout(limits.timeoutMs);
    const signal = AbortSignal.any([context.signal, deadline]);
    let giveBack: (() => void) | undefined;
    try {
      giveBack = await slots.take(signal);
      await seeArrived(options, signal);
      let count = 0;
      for await (const item of rows(signal)) {
        if (limits.rowsMax > 0 && ++count > limits.rowsMax) throw tooManyRows(limits.rowsMax);
        yield item;
      }
    } catch (error) {
      throw deadline.aborted && !context.signal.aborted ? timedOut(limits.timeoutMs) : toConnectError(error);
    } finally {
      giveBack?.();
    }
  }

  async function* logRows(request: QueryLogsRequest, context: HandlerContext, signal: AbortSignal) {
    const query = logQuery(request);
    if (request.nodeId !== '' && request.nodeId !== options.nodeId) return;
    for await (const batch of withoutGaps(store.readLogs(query, { signal }), context)) {
      for (const { jobId, stream, timestamp, sequence, content } of batch) {
        yield { jobId, stream, timestamp, sequence, content } satisfies LogLineInit;
      }
    }
  }

  async function* metricRows(request: QueryMetricsRequest, context: HandlerContext, signal: AbortSignal) {
    const query = metricQuery(request);
    const aggregator =
      request.aggregation === ''
        ? undefined
        : new MetricAggregator(parseAggregation(request.aggregation), request.step, request.startTime);
    if (request.nodeId !== '' && request.nodeId !== options.nodeId) return;
    for await (const batch of withoutGaps(store.readMetrics(query, { signal }), context)) {
      for (const row of batch) {
        if (aggregator) aggregator.add(row);
        else yield metricMessage(row);
      }
    }
    for (const step of aggregator?.results() ?? []) {
      yield metricMessage({ jobId: query.jobId, sequence: 0n, ...step });
    }
  }

  return {
    ping: () => ({ healthy: options.healthy(), timestamp: options.now() }),
    queryLogs: (request, context) => run(context, (signal) => logRows(request, context, signal)),
    queryMetrics: (request, context) => run(context, (signal) => metricRows(request, context, signal)),
    deleteJob: ({ jobId }) =>
      answer(async () => {
        await options.deleteJob(jobId);
        return { success: true, message: `job ${jobId} is deleted` };
      }),
    getJobInfo: ({ jobId }, { signal }) =>
      answer(async () => {
        await seeArrived(options, signal);
        return jobInfoMessage(await catalog(store).getJobInfo(jobId));
      }),
    listJobs: (request, { signal }) =>
      answer(async () => {
        await seeArrived(options, signal);
        return listJobs(catalog(store), request);
      }),
  };
}

/**
 * Lets a query see what was sent before it: what the kernel still holds for us is read within two turns of the event
 * loop, and then stored. While the store is slow or fails, the query goes on without.
 */
async function seeArrived({ settled, healthy }: QueryServiceOptions, signal: AbortSignal): Promise<void> {
  await turn();
  await turn();
  const enough = new AbortController();
  const waitMs = healthy() ? SETTLE_MS : SETTLE_FAILING_MS;
  const timeout = delay(waitMs, undefined, { signal: AbortSignal.any([signal, enough.signal]) });
  await Promise.race([settled(), timeout.catch(() => undefined)]);
  enough.abort();
}

async function answer<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw toConnectError(error);
  }
}

/** The batches alone; how many gaps there were goes into the trailer `joblet-gaps`. */
async function* withoutGaps<Batch extends { kind: 'logs' | 'metrics' }>(
  items: AsyncIterable<Batch | Gap>,
  context: HandlerContext,
): AsyncGenerator<Batch> {
  let gaps = 0;
  try {
    for await (const item of items) {
      if (item.kind === 'gap') gaps++;
      else yield item;
    }
  } finally {
    context.responseTrailer.set('joblet-gaps', String(gaps));
  }
}

async function listJobs(
  jobs: JobCatalog,
  request: ListJobsRequest,
): Promise<MessageInitShape<typeof ListJobsResponseSchema>> {
  const limit = request.limit > 0 ? Math.min(request.limit, LIST_JOBS_MAX) : LIST_JOBS_DEFAULT;
  const query = jobListQuery(request);
  const after = request.cursor === '' ? undefined : decodeCursor(request.cursor);
  const found: JobInfo[] = [];
  for await (const job of jobs.listJobs(query)) {
    if (after && !isBehind(job, after, query.sort ?? 'id')) continue;
    if (found.length === limit) {
      return { jobs: found.map(jobInfoMessage), cursor: encodeCursor(found[limit - 1]) };
    }
    found.push(job);
  }
  return { jobs: found.map(jobInfoMessage), cursor: '' };
}

function metricMessage({
  jobId,
  timestamp,
  sequence,
  data,
}: MetricRow): MessageInitShape<typeof MetricSchema> {
  return data ? { jobId, timestamp, sequence, data } : { jobId, timestamp, sequence };
}

function jobInfoMessage(job: JobInfo): MessageInitShape<typeof JobInfoSchema> {
  const { jobId, firstTime, lastTime, stdout, stderr, metrics, sizeBytes, gaps, end } = job;
  return {
    jobId,
    firstTime,
    lastTime,
    logs: { rows: stdout.rows + stderr.rows, bytes: stdout.bytes + stderr.bytes },
    stdout: { ...stdout },
    stderr: { ...stderr },
    metrics: { ...metrics },
    sizeBytes,
    gaps: BigInt(gaps),
    ended: end !== undefined,
    ...(end?.exitCode !== undefined && { exitCode: end.exitCode }),
  };
}

function catalog(store: LogStore): JobCatalog {
  if (hasFeature(store, 'listJobs')) return store;
  throw new ConnectError('this storage backend cannot list jobs', Code.Unimplemented);
}

function timedOut(timeoutMs: number): ConnectError {
  return new ConnectError(
    `the query took longer than ${timeoutMs / 1000} s (persist.query.timeout_seconds); ask for less`,
    Code.DeadlineExceeded,
  );
}

function tooManyRows(rowsMax: number): ConnectError {
  return new ConnectError(
    `the answer has more than ${rowsMax} rows (persist.query.max_rows); ask for less`,
    Code.ResourceExhausted,
  );
}
