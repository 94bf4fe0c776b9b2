import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { PersistService, type LogLine, type Metric } from '@joblet/proto/persist';
import type { ReadOptions } from '@joblet/storage';
import { ClientError } from './client-error.js';
import { jobInfoOf, type JobInfo } from './job-info.js';
import { DEADLINE_DEFAULT_MS, LIST_JOBS_PAGE, MESSAGE_SIZE_MAX } from './limits.js';
import {
  jobsRequest,
  logsRequest,
  metricsRequest,
  type JobsQuery,
  type LogsQuery,
  type MetricsQuery,
} from './queries.js';
import { rowStream, type RowStream, type StreamCall } from './row-stream.js';
import { Sessions } from './sessions.js';
import { endpointOf, type PersistTarget } from './target.js';
import { toClientError } from './to-client-error.js';

export interface PersistClientOptions {
  /** For each call that has one answer, connecting included; streams go on as long as the service is alive. Default 10 s. */
  readonly deadlineMs?: number;
}

/** Asks one persist service. Every call rejects with ClientError. One connection, opened by the first call. */
export interface PersistClient extends Disposable {
  /** `timestamp`: the service's clock, Unix nanoseconds. */
  ping(options?: ReadOptions): Promise<{ readonly healthy: boolean; readonly timestamp: bigint }>;
  /** A job's output in the order of arrival. NOT_FOUND if nothing is known of the job. */
  queryLogs(query: LogsQuery, options?: ReadOptions): RowStream<LogLine>;
  /** A job's samples in the order of arrival, or aggregates of them. */
  queryMetrics(query: MetricsQuery, options?: ReadOptions): RowStream<Metric>;
  /** Deletes all that arrived for the job so far, for good. NOT_FOUND if nothing is known of it. */
  deleteJob(jobId: string, options?: ReadOptions): Promise<void>;
  /** By id in the order of the bytes, or newest first; fetched page by page. */
  listJobs(query?: JobsQuery, options?: ReadOptions): AsyncIterable<JobInfo>;
  getJobInfo(jobId: string, options?: ReadOptions): Promise<JobInfo>;
  /** Ends the connection at once; calls under way, and later ones, reject with CLOSED. */
  close(): void;
}

/** Throws INVALID_ARGUMENT for a target that can never be reached (a socket path too long, an address without a port). */
export function createPersistClient(
  target: PersistTarget,
  { deadlineMs = DEADLINE_DEFAULT_MS }: PersistClientOptions = {},
): PersistClient {
  const endpoint = endpointOf(target);
  const sessionManager = new Sessions(endpoint);
  const service = createClient(
    PersistService,
    createGrpcTransport({
      baseUrl: endpoint.baseUrl,
      sessionManager,
      // The default is gzip: four times slower for rows on a local socket.
      acceptCompression: [],
      readMaxBytes: MESSAGE_SIZE_MAX,
      writeMaxBytes: MESSAGE_SIZE_MAX,
    }),
  );
  let closed = false;

  const failed = (thrown: unknown, signal: AbortSignal | undefined): ClientError =>
    toClientError(thrown, { target: endpoint.name, deadlineMs, closed, signal });
  const checkOpen = (): void => {
    if (closed) throw new ClientError('CLOSED', 'the client is closed');
  };
  async function unary<Answer>(
    call: (options: { signal?: AbortSignal; timeoutMs: number }) => Promise<Answer>,
    { signal }: ReadOptions = {},
  ): Promise<Answer> {
    try {
      checkOpen();
      return await call({ ...(signal && { signal }), timeoutMs: deadlineMs });
    } catch (thrown) {
      throw failed(thrown, signal);
    }
  }
  const streamed = <Row>(call: StreamCall<Row>, { signal }: ReadOptions = {}): RowStream<Row> =>
    rowStream(
      (options) => {
        checkOpen();
        return call(options);
      },
      (thrown) => failed(thrown, signal),
      signal,
    );
  async function* listJobs(query: JobsQuery = {}, options?: ReadOptions): AsyncGenerator<JobInfo> {
    let left = query.limit || Infinity;
    let cursor = '';
    do {
      const limit = Math.min(left, LIST_JOBS_PAGE);
      const page = await unary(
        (call) => service.listJobs({ ...jobsRequest({ ...query, limit }), cursor }, call),
        options,
      );
      yield* page.jobs.slice(0, limit).map(jobInfoOf);
      left -= page.jobs.length;
      cursor = page.cursor;
    } while (cursor !== '' && left > 0);
  }

  const close = (): void => {
    closed = true;
    sessionManager.abort();
  };
  return {
    ping: (options) => unary((call) => service.ping({}, call), options),
    queryLogs: (query, options) => streamed((call) => service.queryLogs(logsRequest(query), call), options),
    queryMetrics: (query, options) =>
      streamed((call) => service.queryMetrics(metricsRequest(query), call), options),
    async deleteJob(jobId, options) {
      const { success, message } = await unary((call) => service.deleteJob({ jobId }, call), options);
      if (!success)
        throw new ClientError('INTERNAL', `job ${jobId} was not deleted: ${message || 'no reason given'}`);
    },
    listJobs,
    getJobInfo: async (jobId, options) =>
      jobInfoOf(await unary((call) => service.getJobInfo({ jobId }, call), options)),
    close,
    [Symbol.dispose]: close,
  };
}
