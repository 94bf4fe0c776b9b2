import { messageOf, toError } from '@joblet/service';
import { hasFeature, type CleanupRequest, type LogStore, type Retention } from '@joblet/storage';
import { Cron } from 'croner';
import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import { JOBS_NAMED_MAX } from './limits.js';

export interface RetentionOptions {
  readonly store: LogStore;
  /** Days; 0: for ever. */
  readonly logsDays: number;
  readonly metricsDays: number;
  /** Five cron fields, in UTC. */
  readonly schedule: string;
  /** Unix nanoseconds. */
  readonly now: () => bigint;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'debug'>;
  readonly registry: Registry;
}

const DAY_NS = 86_400n * 1_000_000_000n;

/** What is older than the days that are to be kept; undefined when all is kept. */
export function expired(
  { logsDays, metricsDays }: Pick<RetentionOptions, 'logsDays' | 'metricsDays'>,
  now: bigint,
): CleanupRequest | undefined {
  const before = (days: number): bigint => now - BigInt(days) * DAY_NS;
  if (logsDays === 0 && metricsDays === 0) return undefined;
  return {
    ...(logsDays > 0 && { logsBefore: before(logsDays) }),
    ...(metricsDays > 0 && { metricsBefore: before(metricsDays) }),
  };
}

/**
 * Removes what has expired whenever the schedule says so; one that fails is told, and tried again the next time. Not more than
 * one at a time. `stop` waits for the one under way.
 */
export function startRetention(options: RetentionOptions): { stop(): Promise<void> } {
  const { store, schedule, now, logger, registry } = options;
  if (expired(options, now()) === undefined) return { stop: async () => undefined };
  if (!hasFeature(store, 'retention')) {
    logger.info('this storage backend has no retention: everything is kept');
    return { stop: async () => undefined };
  }
  const removedRows = new Counter({
    name: 'persist_retention_removed_rows_total',
    help: 'Rows that were removed because they had expired',
    labelNames: ['kind'],
    registers: [registry],
  });
  const failures = new Counter({
    name: 'persist_retention_failures_total',
    help: 'Removals of expired rows that failed',
    registers: [registry],
  });
  const cleanUp = async (retained: Retention): Promise<void> => {
    const request = expired(options, now());
    if (request === undefined) return;
    try {
      const { jobs, logRows, metricRows } = await retained.cleanup(request);
      removedRows.inc({ kind: 'logs' }, Number(logRows));
      removedRows.inc({ kind: 'metrics' }, Number(metricRows));
      const fields = {
        jobs: jobs.length,
        logRows: String(logRows),
        metricRows: String(metricRows),
        first: jobs.slice(0, JOBS_NAMED_MAX),
      };
      if (jobs.length > 0) logger.info(fields, `what had expired of ${jobs.length} jobs is removed`);
      else logger.debug('nothing has expired');
    } catch (error) {
      failures.inc();
      logger.warn({ err: toError(error) }, `what has expired could not be removed: ${messageOf(error)}`);
    }
  };
  let underWay: Promise<void> | undefined;
  const job = new Cron(schedule, { timezone: 'UTC', mode: '5-part', unref: true }, () => {
    underWay ??= cleanUp(store).finally(() => (underWay = undefined));
  });
  return {
    stop: async () => {
      job.stop();
      await underWay;
    },
  };
}
