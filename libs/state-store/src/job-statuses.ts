/** Those of today's daemons; a store takes any other too. */
export const JOB_STATUSES = [
  'PENDING',
  'RUNNING',
  'COMPLETED',
  'FAILED',
  'STOPPED',
  'SCHEDULED',
  'INITIALIZING',
  'CANCELED',
  'STOPPING',
] as const;

export type JobStatus = (typeof JOB_STATUSES)[number];

const TERMINAL: ReadonlySet<string> = new Set<JobStatus>(['COMPLETED', 'FAILED', 'STOPPED', 'CANCELED']);

/** Whether the job has ended for good: only then may it expire. */
export function isTerminal(status: string): boolean {
  return TERMINAL.has(status);
}
