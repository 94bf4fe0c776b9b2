import type { JobInfo } from '@joblet/storage';
import { invalid } from './query-request.js';

/** Where a page of jobs ended: the next page has what comes behind, also when that job is gone by then. */
export interface JobCursor {
  readonly jobId: string;
  readonly lastTime: bigint;
}

export function encodeCursor({ jobId, lastTime }: JobInfo): string {
  return Buffer.from(`${lastTime} ${jobId}`).toString('base64url');
}

export function decodeCursor(cursor: string): JobCursor {
  const match = /^(-?\d{1,19}) (\S+)$/.exec(Buffer.from(cursor, 'base64url').toString('utf8'));
  if (!match)
    throw invalid('cursor', `is ${JSON.stringify(cursor.slice(0, 100))}; expected one that an answer gave`);
  return { lastTime: BigInt(match[1]), jobId: match[2] };
}

/** Whether the job comes behind the cursor in the order of the listing. */
export function isBehind(job: JobInfo, cursor: JobCursor, sort: 'id' | 'newest'): boolean {
  if (sort === 'newest' && job.lastTime !== cursor.lastTime) return job.lastTime < cursor.lastTime;
  return job.jobId > cursor.jobId;
}
