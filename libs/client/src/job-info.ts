import type { JobInfo as JobInfoMessage, RowStats as RowStatsMessage } from '@joblet/proto/persist';
import type { RowStats } from '@joblet/storage';

/** What persist has of a job. */
export interface JobInfo {
  readonly jobId: string;
  /** Unix nanoseconds of the oldest and the newest row; 0n when the job has no row. */
  readonly firstTime: bigint;
  readonly lastTime: bigint;
  /** Both streams together. */
  readonly logs: RowStats;
  readonly stdout: RowStats;
  readonly stderr: RowStats;
  readonly metrics: RowStats;
  /** On disk, all files together. */
  readonly sizeBytes: bigint;
  /** Known missing pieces. */
  readonly gaps: bigint;
  /** The output is known to be complete. */
  readonly ended: boolean;
  /** When known. */
  readonly exitCode?: number;
}

export function jobInfoOf(message: JobInfoMessage): JobInfo {
  const { jobId, firstTime, lastTime, sizeBytes, gaps, ended, exitCode } = message;
  return {
    jobId,
    firstTime,
    lastTime,
    logs: statsOf(message.logs),
    stdout: statsOf(message.stdout),
    stderr: statsOf(message.stderr),
    metrics: statsOf(message.metrics),
    sizeBytes,
    gaps,
    ended,
    ...(exitCode !== undefined && { exitCode }),
  };
}

function statsOf(stats: RowStatsMessage | undefined): RowStats {
  return { rows: stats?.rows ?? 0n, bytes: stats?.bytes ?? 0n };
}
