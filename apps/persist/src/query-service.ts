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
  checkJobId,
  hasFeature,
  type Gap,
  type JobCatalog,
  type JobInfo,
  type LogQuery,
  type LogRow,
  type LogStore,
  type MetricRow,
} from '@joblet/storage';
import { abortable, orAborted } from './abortable.js';
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
  /** Called when a call begins; what it returns, when the call ends. */
  readonly startCall: (method: string) => (failure: ConnectError | undefined) => void;
}

/** The persist service's methods over a store; knows nothing of sockets. */
export function createQueryService(options: QueryServiceOptions): ServiceImpl<typeof PersistService> {
  const { store, limits } = options;
  const slots = new Slots(limits.concurrentMax);

  /** All rows here are of this node: of another there are none, though the job may be known. */
  function ofNode({ nodeId }: { nodeId: string }, query: LogQuery): LogQuery {
    return nodeId === '' || nodeId === options.nodeId ? query : { jobId: query.jobId, limit: 0 };
  }

  /** Gives a call a deadline, an answer to every error, and counts it. */
  async function* run<Message>(
    method: string,
    context: HandlerContext,
    batches: (signal: AbortSignal) => AsyncIterable<readonly Message[]>,
  ): AsyncGenerator<Message> {
    const count = options.startCall(method);
    const deadline = AbortSignal.timeout(limits.timeoutMs);
    const signal = AbortSignal.any([context.signal, deadline]);
    let failure: ConnectError | undefined;
    try {
      yield* inSlot(signal, batches);
    } catch (error) {
      const timedOut = deadline.aborted && !context.signal.aborted;
      failure = timedOut ? tooSlow(limits.timeoutMs) : toConnectError(error);
      throw failure;
    } finally {
      count(failure);
    }
  }

  /** Waits for a slot and for what has arrived; the messages then, at most so many. */
  async function* inSlot<Message>(
    signal: AbortSignal,
    batches: (signal: AbortSignal) => AsyncIterable<readonly Message[]>,
  ): AsyncGenerator<Message> {
    const giveBack = await slots.take(signal);
    // A client that does not read holds this generator, but not the slot beyond the deadline.
    signal.addEventListener('abort', giveBack, { once: true });
    try {
      await seeArrived(options, signal);
      let rows = 0;
      for await (const messages of batches(signal)) {
        signal.throwIfAborted();
        rows += messages.length;
        if (limits.rowsMax > 0 && rows > limits.rowsMax) {
          yield* messages.slice(0, limits.rowsMax - rows);
          throw tooManyRows(limits.rowsMax);
        }
        yield* messages;
      }
    } finally {
      giveBack();
    }
  }

  /** The one message of a call that is like a query otherwise. */
  async function one<Message>(
    method: string,
    context: HandlerContext,
    work: (signal: AbortSignal) => Promise<Message>,
  ): Promise<Message> {
    const messages = run(method, context, async function* (signal) {
      yield [await work(signal)];
    });
    for await (const message of messages) return message;
    throw new ConnectError(`${method} has no answer`, Code.Internal);
  }

  async function* logMessages(request: QueryLogsRequest, context: HandlerContext, signal: AbortSignal) {
    const query = ofNode(request, logQuery(request));
    for await (const batch of withoutGaps(
      abortable(store.readLogs(query, { signal }), signal),
      'logs',
      context,
    )) {
      yield Array.from(batch, logMessage);
    }
  }

  async function* metricMessages(request: QueryMetricsRequest, context: HandlerContext, signal: AbortSignal) {
    const query = ofNode(request, metricQuery(request));
    const aggregator =
      request.aggregation === ''
        ? undefined
        : new MetricAggregator(parseAggregation(request.aggregation), request.step, request.startTime);
    for await (const batch of withoutGaps(
      abortable(store.readMetrics(query, { signal }), signal),
      'metrics',
      context,
    )) {
      if (!aggregator) yield Array.from(batch, metricMessage);
      else for (const row of batch) aggregator.add(row);
    }
    const steps = Array.from(aggregator?.results() ?? []);
    yield steps.map((step) => metricMessage({ jobId: query.jobId, sequence: 0n, ...step }));
  }

  /** A call that needs no slot, and does not wait for others' rows. */
  async function answer<Message>(
    method: string,
    context: HandlerContext,
    work: () => Promise<Message>,
  ): Promise<Message> {
    const count = options.startCall(method);
    let failure: ConnectError | undefined;
    try {
      return await orAborted(work(), context.signal);
    } catch (error) {
      failure = toConnectError(error);
      throw failure;
    } finally {
      count(failure);
    }
  }

  return {
    ping: (_request, context) =>
      answer('Ping', context, async () => ({ healthy: options.healthy(), timestamp: options.now() })),
    queryLogs: (request, context) =>
      run('QueryLogs', context, (signal) => logMessages(request, context, signal)),
    queryMetrics: (request, context) =>
      run('QueryMetrics', context, (signal) => metricMessages(request, context, signal)),
    deleteJob: ({ jobId }, context) =>
      answer('DeleteJob', context, async () => {
        checkJobId(jobId);
        await options.deleteJob(jobId);
        return { success: true, message: `job ${jobId} is deleted` };
      }),
    getJobInfo: ({ jobId }, context) =>
      one('GetJobInfo', context, async (signal) =>
        jobInfoMessage(await orAborted(catalog(store).getJobInfo(jobId), signal)),
      ),
    listJobs: (request, context) =>
      one('ListJobs', context, (signal) => listJobs(catalog(store), request, signal)),
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

/** The batches alone; how many gaps there were goes into the trailer `joblet-gaps`. */
async function* withoutGaps<Batch extends { kind: 'logs' | 'metrics' }>(
  items: AsyncIterable<Batch | Gap>,
  kind: Batch['kind'],
  context: HandlerContext,
): AsyncGenerator<Batch> {
  let gaps = 0;
  try {
    for await (const item of items) {
      if (isBatch(item, kind)) yield item;
      else if (item?.kind === 'gap') gaps++;
      else throw new TypeError(`the store gave ${shapeOf(item)}, expected a batch of ${kind}, or a gap`);
    }
  } finally {
    context.responseTrailer.set('joblet-gaps', String(gaps));
  }
}

/** A store of somebody else may give anything; what is taken for nothing would be lost in silence. */
function isBatch<Batch extends { kind: 'logs' | 'metrics' }>(
  item: Batch | Gap,
  kind: Batch['kind'],
): item is Batch {
  return item?.kind === kind && Symbol.iterator in item;
}

function shapeOf(item: unknown): string {
  if (typeof item !== 'object' || item === null) return String(item);
  return `an object with ${Object.keys(item).slice(0, 5).join(', ') || 'nothing'}`;
}

async function listJobs(
  jobs: JobCatalog,
  request: ListJobsRequest,
  signal: AbortSignal,
): Promise<MessageInitShape<typeof ListJobsResponseSchema>> {
  const limit = request.limit > 0 ? Math.min(request.limit, LIST_JOBS_MAX) : LIST_JOBS_DEFAULT;
  const query = jobListQuery(request);
  const after = request.cursor === '' ? undefined : decodeCursor(request.cursor);
  const found: JobInfo[] = [];
  const page = after && query.sort !== 'newest' ? { ...query, afterJobId: after.jobId } : query;
  for await (const job of abortable(jobs.listJobs(page), signal)) {
    signal.throwIfAborted();
    if (after && !isBehind(job, after, query.sort ?? 'id')) continue;
    if (found.length === limit) {
      return { jobs: found.map(jobInfoMessage), cursor: encodeCursor(found[limit - 1]) };
    }
    found.push(job);
  }
  return { jobs: found.map(jobInfoMessage), cursor: '' };
}

function logMessage({
  jobId,
  stream,
  timestamp,
  sequence,
  content,
}: LogRow): MessageInitShape<typeof LogLineSchema> {
  return { jobId, stream, timestamp, sequence, content };
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

function tooSlow(timeoutMs: number): ConnectError {
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
