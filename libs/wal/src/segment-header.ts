import { crc32c } from './crc32c.js';

/** What a segment says of itself in its first bytes. */
export interface SegmentHeader {
  /** Of the log: segments of another one are not taken for ours. */
  readonly logId: Uint8Array;
  /** Of the first record. */
  readonly firstPosition: bigint;
  /**
   * Where the log before this segment ends. What an older segment has at or behind it was refused when a write or sync
   * failed, and counts for nothing.
   */
  readonly previousEnd: bigint;
  /** The file was a segment before: behind the last record may be what it had then. */
  readonly isRecycled: boolean;
}

/*
 * 0 magic "JOBLETWL" · 8 version u16 = 1 · 10 length of the header u16 = 64 · 12 recycled u8, 0 or 1 · 16 log id, 16 bytes
 * 32 first position u64 · 40 previous end u64 · 60 CRC-32C of bytes 0 to 60, u32. All little-endian, the rest is 0.
 */
export const SEGMENT_HEADER_BYTES = 64;
export const LOG_ID_BYTES = 16;
const MAGIC = Buffer.from('JOBLETWL');
const VERSION = 1;
const RECYCLED_AT = 12;
const CRC_AT = 60;

export function encodeSegmentHeader({
  logId,
  firstPosition,
  previousEnd,
  isRecycled,
}: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
  bytes.set(MAGIC, 0);
  bytes.writeUInt16LE(VERSION, 8);
  bytes.writeUInt16LE(SEGMENT_HEADER_BYTES, 10);
  bytes.writeUInt8(isRecycled ? 1 : 0, RECYCLED_AT);
  bytes.set(logId, 16);
  bytes.writeBigUInt64LE(firstPosition, 32);
  bytes.writeBigUInt64LE(previousEnd, 40);
  bytes.writeUInt32LE(crc32c(bytes.subarray(0, CRC_AT)), CRC_AT);
  return bytes;
}

/** Undefined when it is none of this version, or damaged. */
export function decodeSegmentHeader(bytes: Buffer): SegmentHeader | undefined {
  if (bytes.length < SEGMENT_HEADER_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  if (bytes.readUInt16LE(8) !== VERSION) return undefined;
  if (crc32c(bytes.subarray(0, CRC_AT)) !== bytes.readUInt32LE(CRC_AT)) return undefined;
  return {
    logId: Uint8Array.from(bytes.subarray(16, 16 + LOG_ID_BYTES)),
    firstPosition: bytes.readBigUInt64LE(32),
    previousEnd: bytes.readBigUInt64LE(40),
    isRecycled: bytes.readUInt8(RECYCLED_AT) === 1,
  };
}
