import type { Job } from '@joblet/state-store';

/** What an index entry says of its job, so that no record is read of a job that a list does not ask for. */
export interface Summary {
  readonly nodeId: string;
  readonly owner: string;
  /** Only of `byUpdate`: other entries need not be written again when they change. */
  readonly status: string | undefined;
  readonly startTime: string | undefined;
}

// No name has it.
const SEPARATOR = '\0';

export function encodeSummary({ nodeId, owner }: Job): string {
  return nodeId + SEPARATOR + owner;
}

export function encodeFullSummary(job: Job): string {
  return [encodeSummary(job), job.status, job.startTime].join(SEPARATOR);
}

/** Of either. */
export function decodeSummary(text: string): Summary {
  const [nodeId = '', owner = '', status, startTime] = text.split(SEPARATOR);
  return { nodeId, owner, status, startTime };
}
