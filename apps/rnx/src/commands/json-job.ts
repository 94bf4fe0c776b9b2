import type { JobInfo } from '@joblet/client';
import type { JsonValue } from '../json-text.js';
import { formatTime } from '../time.js';

/** What is stored of a job, for a program. Without a row there are no times. */
export function jsonJob(job: JobInfo): { readonly [key: string]: JsonValue } {
  const { jobId, firstTime, lastTime, logs, stdout, stderr, metrics, sizeBytes, gaps, ended, exitCode } = job;
  return {
    job_id: jobId,
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
    exit_code: exitCode,
  };
}
