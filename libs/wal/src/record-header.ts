import { crc32c } from './crc32c.js';

export interface RecordHeader {
  readonly payloadBytes: number;
  readonly position: bigint;
  readonly payloadCrc: number;
}

/*
 * 0 magic "JREC" · 4 length of the payload u32 · 8 position u64 · 16 CRC-32C of the payload u32
 * 20 CRC-32C of bytes 0 to 20, begun with the one of the log id, u32. Little-endian; then the payload, and zeros up
 * to a multiple of 8.
 */
export const RECORD_HEADER_BYTES = 24;
export const RECORD_ALIGNMENT = 8;
export const RECORD_MAGIC = Buffer.from('JREC');
const CRC_AT = 20;

/** Bytes that a record takes in its segment; its position and this are those of the next one. */
export function recordBytes(payloadBytes: number): number {
  return RECORD_HEADER_BYTES + payloadBytes + paddingBytes(payloadBytes);
}

export function paddingBytes(payloadBytes: number): number {
  return -payloadBytes & (RECORD_ALIGNMENT - 1);
}

/** `logCrc` is the CRC-32C of the log id: a record of another log is none of ours. */
export function writeRecordHeader(header: RecordHeader, logCrc: number, into: Buffer, at: number): void {
  into.set(RECORD_MAGIC, at);
  into.writeUInt32LE(header.payloadBytes, at + 4);
  into.writeBigUInt64LE(header.position, at + 8);
  into.writeUInt32LE(header.payloadCrc, at + 16);
  into.writeUInt32LE(crc32c(into.subarray(at, at + CRC_AT), logCrc), at + CRC_AT);
}

/** Undefined when there is none of this log. */
export function readRecordHeader(bytes: Buffer, at: number, logCrc: number): RecordHeader | undefined {
  if (at + RECORD_HEADER_BYTES > bytes.length) return undefined;
  if (bytes.readUInt32LE(at) !== RECORD_MAGIC.readUInt32LE(0)) return undefined;
  if (crc32c(bytes.subarray(at, at + CRC_AT), logCrc) !== bytes.readUInt32LE(at + CRC_AT)) return undefined;
  return {
    payloadBytes: bytes.readUInt32LE(at + 4),
    position: bytes.readBigUInt64LE(at + 8),
    payloadCrc: bytes.readUInt32LE(at + 16),
  };
}
