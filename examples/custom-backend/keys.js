// @ts-check

/**
 * One entry for each row. Its key is the job id, NUL, the kind of row and the ordinal in 8 bytes, big-endian: in the
 * order of the bytes, which is LevelDB's, the rows of a job lie together, each kind by ordinal. No job id has a NUL.
 *
 * @typedef {'l' | 'm'} Kind logs, metrics
 */

/**
 * @param {string} jobId
 * @param {Kind} kind
 * @param {bigint} ordinal
 */
export function rowKey(jobId, kind, ordinal) {
  const key = Buffer.alloc(jobId.length + 10);
  key.write(`${jobId}\0${kind}`);
  key.writeBigUInt64BE(ordinal, jobId.length + 2);
  return key;
}

/** @param {Buffer} key */
export function ordinalOf(key) {
  return key.readBigUInt64BE(key.length - 8);
}

/**
 * The rows behind an ordinal; all of them behind -1.
 *
 * @param {string} jobId
 * @param {Kind} kind
 */
export function rowsBehind(jobId, kind, afterOrdinal = -1n) {
  const lte = rowKey(jobId, kind, 2n ** 64n - 1n);
  return afterOrdinal < 0n
    ? { gte: rowKey(jobId, kind, 0n), lte }
    : { gt: rowKey(jobId, kind, afterOrdinal), lte };
}

/**
 * All that belongs to the job.
 *
 * @param {string} jobId
 */
export function everythingOf(jobId) {
  return { gte: Buffer.from(`${jobId}\x00`), lt: Buffer.from(`${jobId}\x01`) };
}

/** @param {bigint} timestamp @param {Uint8Array} message */
export function toValue(timestamp, message) {
  const time = Buffer.alloc(8);
  time.writeBigInt64BE(timestamp);
  return Buffer.concat([time, message]);
}
