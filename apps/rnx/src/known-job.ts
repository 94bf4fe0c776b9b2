import type { JobInfo } from '@joblet/client';
import type { Job } from '@joblet/state-store';

/** A job, with what each service has of it: one of them at least. */
export interface KnownJob {
  readonly jobId: string;
  readonly info: JobInfo | undefined;
  readonly state: Job | undefined;
}

/** When something last happened to it, in Unix nanoseconds. */
export function lastTimeOf({ info, state }: KnownJob): bigint {
  const stored = info?.lastTime ?? 0n;
  const changed = state === undefined || state.updatedAt === '' ? 0n : instantNs(state.updatedAt);
  return stored > changed ? stored : changed;
}

/** Of an instant of a job's state: `2025-11-20T00:53:20.123456789Z`. */
export function instantNs(instant: string): bigint {
  const [, seconds, fraction = ''] = /^([^.]*?)(?:\.(\d+))?Z$/.exec(instant) ?? [];
  return BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, '0').slice(0, 9));
}
