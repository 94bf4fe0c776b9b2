import type { JobInfo } from '@joblet/client';
import type { Job } from '@joblet/state-store';
import type { JsonValue } from '../json-text.js';
import type { KnownJob } from '../known-job.js';
import { formatTime } from '../time.js';

type JsonObject = { readonly [key: string]: JsonValue };

/** What is known of a job, for a program: of each service, what it has. */
export function jsonJob({ jobId, info, state }: KnownJob): JsonObject {
  return {
    job_id: jobId,
    ...(state && jsonState(state)),
    ...(info && jsonInfo(info)),
    exit_code: info?.exitCode ?? (state && exitCodeOf(state)),
  };
}

/** Undefined: it has not ended, or the daemon did not say. */
export function exitCodeOf(state: Job): number | undefined {
  if (state.endTime === '') return undefined;
  const { exitCode } = JSON.parse(state.json) as { readonly exitCode?: number | null };
  return exitCode ?? undefined;
}

function jsonState({
  status,
  nodeId,
  owner,
  createdAt,
  updatedAt,
  startTime,
  endTime,
  version,
}: Job): JsonObject {
  return {
    status,
    node_id: nodeId,
    owner,
    created_at: createdAt,
    updated_at: updatedAt,
    ...(startTime !== '' && { start_time: startTime }),
    ...(endTime !== '' && { end_time: endTime }),
    version,
  };
}

/** Without a row there are no times. */
function jsonInfo(job: JobInfo): JsonObject {
  const { firstTime, lastTime, logs, stdout, stderr, metrics, sizeBytes, gaps, ended } = job;
  return {
    ...(lastTime !== 0n && {
      first_time: formatTime(firstTime),
      first_time_ns: String(firstTime),
      last_time: formatTime(lastTime),
      last_time_ns: String(lastTime),
    }),
    logs: { ...logs },
    stdout: { ...stdout },
    stderr: { ...stderr },
    metrics: { rows: metrics.rows },
    size_bytes: sizeBytes,
    gaps,
    ended,
  };
}
