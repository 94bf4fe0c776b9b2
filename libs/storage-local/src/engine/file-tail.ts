import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { errorCode, isMissing } from '../errors.js';
import { isPlainFile } from '../format/file-names.js';
import {
  HEADER_BYTES_MAX,
  inflateWhole,
  MAGIC,
  parseHeader,
  trailerMatches,
  TRAILER_BYTES,
} from '../format/gzip-member.js';
import { NO_FACTS, type FileFacts } from './job-table.js';
import { readPlainTail } from './plain-tail.js';

const { O_NONBLOCK, O_RDONLY } = constants;
const FIRST_READ_BYTES = 4_096;
/** A member's text inflates to a thousand times its bytes at the most. */
const INFLATE_RATIO_MAX = 1_100;

export interface FileTail {
  /** What the whole members have, with those that were known before. */
  readonly facts: FileFacts;
  /** Whether there is nothing behind them. */
  readonly isWhole: boolean;
  /** Whether whole members are there that were not known before. */
  readonly hasMore: boolean;
}

/**
 * Goes over the members of ours behind what is known of a file, and stops at the first that is not as it should be. Members with a row of
 * `verifyFrom` and on are inflated and checked; of those before, the headers are believed.
 */
export async function readFileTail(path: string, known: FileFacts, verifyFrom: bigint): Promise<FileTail> {
  let handle: FileHandle;
  try {
    handle = await open(path, O_RDONLY | O_NONBLOCK);
  } catch (error) {
    if (errorCode(error) === 'ELOOP') return { facts: known, isWhole: false, hasMore: false };
    if (isMissing(error)) return { facts: NO_FACTS, isWhole: known.length === 0, hasMore: false };
    throw error;
  }
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) return { facts: known, isWhole: false, hasMore: false };
    // A file that is shorter than it was is another one.
    const start = stats.size < known.length ? NO_FACTS : known;
    if (isPlainFile(path)) {
      const facts = await readPlainTail(path, start);
      return { facts, isWhole: facts.length === stats.size, hasMore: facts !== start };
    }
    const more = await wholeMembers(handle, start, stats.size, verifyFrom);
    if (more !== start || start === NO_FACTS || start.length === stats.size)
      return { facts: more, isWhole: more.length === stats.size, hasMore: more !== start };
    // Nothing but a cut member, unless the file is a rewritten one: then its members lie elsewhere, and have as many rows.
    const other = await wholeMembers(handle, NO_FACTS, stats.size, start.lastOrdinal + 1n);
    if (other.length === start.length || other.lastOrdinal < start.lastOrdinal)
      return { facts: start, isWhole: false, hasMore: false };
    return { facts: other, isWhole: other.length === stats.size, hasMore: true };
  } finally {
    await handle.close();
  }
}

/** What the file has up to the first member that is not as it should be. */
async function wholeMembers(
  handle: FileHandle,
  known: FileFacts,
  size: number,
  verifyFrom: bigint,
): Promise<FileFacts> {
  let facts = known;
  while (facts.length < size) {
    const next = await nextMember(handle, facts, size, verifyFrom);
    if (!next) break;
    facts = next;
  }
  return facts;
}

async function nextMember(
  handle: FileHandle,
  facts: FileFacts,
  size: number,
  verifyFrom: bigint,
): Promise<FileFacts | undefined> {
  const at = facts.length;
  let start = await readAt(handle, at, Math.min(FIRST_READ_BYTES, size - at));
  let header = parseHeader(start);
  // Where no member begins, there is a hole mostly: reading on would fill memory with its zeros.
  if (!header?.extra && start.length === FIRST_READ_BYTES && start.compare(MAGIC, 0, 3, 0, 3) === 0) {
    start = await readAt(handle, at, Math.min(HEADER_BYTES_MAX, size - at));
    header = parseHeader(start);
  }
  if (!header?.extra) return undefined;
  const { extra, headerBytes } = header;
  const { ordinals } = extra;
  const lastOrdinal = ordinals[ordinals.length - 1];
  const end = at + headerBytes + extra.bodyBytes + TRAILER_BYTES;
  if (end > size || ordinals[0] <= facts.lastOrdinal) return undefined;
  if (lastOrdinal >= verifyFrom && !(await isSound(handle, at + headerBytes, extra.bodyBytes)))
    return undefined;
  const isFirst = facts.rows === 0n;
  return {
    length: end,
    rows: facts.rows + BigInt(ordinals.length),
    contentBytes: facts.contentBytes + extra.contentBytes,
    timeMin: isFirst || extra.timeMin < facts.timeMin ? extra.timeMin : facts.timeMin,
    timeMax: isFirst || extra.timeMax > facts.timeMax ? extra.timeMax : facts.timeMax,
    lastOrdinal,
  };
}

async function isSound(handle: FileHandle, offset: number, bodyBytes: number): Promise<boolean> {
  const bytes = await readAt(handle, offset, bodyBytes + TRAILER_BYTES);
  if (bytes.length !== bodyBytes + TRAILER_BYTES) return false;
  const found = await inflateWhole(
    bytes.subarray(0, bodyBytes),
    Math.max(bodyBytes * INFLATE_RATIO_MAX, 1024),
  );
  if (typeof found === 'string' || found.bodyBytes !== bodyBytes) return false;
  return trailerMatches(bytes.subarray(bodyBytes), crc32(found.text), found.text.length);
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}
