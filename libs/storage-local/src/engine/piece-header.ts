import { isJobId } from '@joblet/storage';
import { crc32c } from '@joblet/wal';
import type { AreaName } from './log-entry.js';

/** In front of each piece of a run, so that it is found when the run's directory cannot be read. */
export interface PieceHeader {
  /** In hexadecimal. */
  readonly storeId: string;
  /** Of the run. */
  readonly position: bigint;
  /** Of the header in the file: a piece that content or a lost page brought from elsewhere is none. */
  readonly offset: number;
  readonly jobId: string;
  readonly area: AreaName;
  readonly rows: number;
  /** Of the rows in their wire form. */
  readonly bytes: number;
  /** Of what follows the header. */
  readonly crc32c: number;
}

export const PIECE_MAGIC = Buffer.from('JOBLETP3');
export const STORE_ID_BYTES = 16;

const FIXED_BYTES = 58;
/** What the checksum vouches for begins behind it. */
const CHECKED_FROM = 12;

/** With the longest job id that its length could tell. */
export const PIECE_HEADER_BYTES_MAX = FIXED_BYTES + 255;

export function pieceHeaderBytes(jobIdLength: number): number {
  return FIXED_BYTES + jobIdLength;
}

/** What the headers of a run have in common, for `writePieceHeader`. */
export function commonHeader({ storeId, position }: Pick<PieceHeader, 'storeId' | 'position'>): Buffer {
  const bytes = Buffer.alloc(FIXED_BYTES);
  bytes.set(PIECE_MAGIC);
  bytes.writeBigUInt64LE(position, 16);
  bytes.write(storeId, 32, 'hex');
  return bytes;
}

/** In front of the piece that `bytes` are for. Little-endian, as `docs/FORMAT.md` says. */
export function writePieceHeader(
  bytes: Buffer,
  common: Buffer,
  header: Omit<PieceHeader, 'storeId' | 'position'>,
): void {
  bytes.set(common);
  bytes.writeUInt32LE(header.crc32c, 12);
  bytes.writeBigUInt64LE(BigInt(header.offset), 24);
  bytes.writeUInt32LE(header.rows, 48);
  bytes.writeUInt32LE(header.bytes, 52);
  bytes.writeUInt8(header.area === 'metrics' ? 0 : 1, 56);
  bytes.writeUInt8(header.jobId.length, 57);
  bytes.write(header.jobId, FIXED_BYTES, 'latin1');
  bytes.writeUInt32LE(crc32c(bytes.subarray(CHECKED_FROM, pieceHeaderBytes(header.jobId.length))), 8);
}

/** Of the header that the bytes begin with; undefined when it is none, or not what was written. */
export function parsePieceHeader(bytes: Buffer): PieceHeader | undefined {
  if (bytes.length < FIXED_BYTES || PIECE_MAGIC.compare(bytes, 0, PIECE_MAGIC.length) !== 0) return undefined;
  const own = bytes.subarray(0, pieceHeaderBytes(bytes[57]));
  const jobId = own.toString('latin1', FIXED_BYTES);
  if (crc32c(own.subarray(CHECKED_FROM)) !== own.readUInt32LE(8) || !isJobId(jobId)) return undefined;
  return {
    storeId: own.toString('hex', 32, 32 + STORE_ID_BYTES),
    position: own.readBigUInt64LE(16),
    offset: Number(own.readBigUInt64LE(24)),
    jobId,
    area: own[56] === 0 ? 'metrics' : 'logs',
    rows: own.readUInt32LE(48),
    bytes: own.readUInt32LE(52),
    crc32c: own.readUInt32LE(12),
  };
}
