import { isJobId, limits } from '@joblet/storage';
import { JOB_IDS_REMEMBERED } from './limits.js';

interface Remembered {
  readonly bytes: Uint8Array;
  readonly jobId: string;
}

const NONE: Remembered = { bytes: new Uint8Array(0), jobId: '' };

/**
 * The job ids of messages as strings, the same string for the same bytes: making and checking one anew for each row costs
 * more than all else that is done with the row. Of two ids that share a place the later one is remembered.
 */
export class JobIds {
  private readonly remembered = new Array<Remembered>(JOB_IDS_REMEMBERED).fill(NONE);

  /** The id in `bytes[start, end)`; undefined when it is not valid. */
  get(bytes: Uint8Array, start: number, end: number): string | undefined {
    const place = hash(bytes, start, end) & (JOB_IDS_REMEMBERED - 1);
    const known = this.remembered[place];
    if (isAt(known.bytes, bytes, start, end)) return known.jobId;
    const jobId = textOf(bytes, start, end);
    if (!isJobId(jobId)) return undefined;
    this.remembered[place] = { bytes: Buffer.from(jobId, 'latin1'), jobId };
    return jobId;
  }
}

/** One byte more than an id may have is enough to see, and to show, that it is none. */
export function textOf(bytes: Uint8Array, start: number, end: number): string {
  const length = Math.min(end - start, limits.JOB_ID_LENGTH_MAX + 1);
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString('latin1');
}

/** Never for no bytes: they are no job id. */
function isAt(wanted: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  const { length } = wanted;
  if (length !== end - start || length === 0) return false;
  for (let at = 0; at < length; at++) {
    if (wanted[at] !== bytes[start + at]) return false;
  }
  return true;
}

/** FNV-1a; of what is too long for an id, of its beginning. */
function hash(bytes: Uint8Array, start: number, end: number): number {
  const stop = Math.min(end, start + limits.JOB_ID_LENGTH_MAX);
  let hash = 0x811c9dc5;
  for (let at = start; at < stop; at++) hash = Math.imul(hash ^ bytes[at], 0x01000193);
  return hash ^ (hash >>> 16);
}
