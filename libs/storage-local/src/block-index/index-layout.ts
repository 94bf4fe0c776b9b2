import { crc32c } from '@joblet/wal';
import { NO_VALUES, partRowsOf } from './describe-block.js';
import { METRIC_FIELDS, PARTS, type BlockSummary, type FieldSummary } from './block-summary.js';
import type { IndexedFile } from './block-index.js';

/*
 * `<data file>.idx`: a header, then an entry for each block in the order of the file. All little-endian.
 * docs/FORMAT.md has it byte by byte.
 */
const MAGIC = Buffer.from('JOBLETIX', 'latin1');
/** Raised with every change of what an entry or a filter means: an index of another version is made anew. */
export const VERSION = 2;
const JOB_ID_BYTES = 128;
const CRC_BYTES = 4;
export const HEADER_BYTES = 16 + JOB_ID_BYTES + CRC_BYTES;

const LOGS = 1;
const METRICS = 2;

const OFFSET = 0;
const FIRST_ORDINAL = 8;
const LAST_ORDINAL = 16;
const TIME_MIN = 24;
const TIME_MAX = 32;
const CONTENT_BYTES = 40;
const FILTER_OFFSET = 48;
const LENGTH = 56;
const MEMBER_CRC32C = 60;
const ROWS = 64;
const FILTER_LENGTH = 68;
const FILTER_CRC32C = 72;
const PART_TIMES = 80;
const PART_BYTES = PART_TIMES + 16 * PARTS;
const FIELDS = PART_BYTES + 4 * PARTS;
const FIELD_BYTES = 40;

/** Fields whose values are doubles, cpu and gpu; all others are integers. */
const DOUBLE_FIELDS = new Set([0, 2]);

/** A block of a data file, as it comes from the builder. */
export interface IndexedBlock {
  /** In the data file. */
  readonly offset: number;
  /** Of the whole member. */
  readonly length: number;
  readonly summary: BlockSummary;
  /** As it is stored; empty: none. */
  readonly filter: Uint8Array;
}

export function entryBytes(stream: number): number {
  return FIELDS + (stream === 0 ? METRIC_FIELDS * FIELD_BYTES : 0) + CRC_BYTES;
}

/** The header of the index of this file. */
export function encodeIndexHeader({ jobId, stream }: IndexedFile): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt16LE(VERSION, 8);
  header.writeUInt16LE(entryBytes(stream), 10);
  header.writeUInt8(stream === 0 ? METRICS : LOGS, 12);
  header.writeUInt8(stream, 13);
  header.writeUInt16LE(jobId.length, 14);
  header.write(jobId, 16, JOB_ID_BYTES, 'latin1');
  header.writeUInt32LE(crc32c(header.subarray(0, -CRC_BYTES)), HEADER_BYTES - CRC_BYTES);
  return header;
}

/** Whether it begins with a sound header of another version, of any file. */
export function isOtherVersion(header: Uint8Array): boolean {
  const bytes = Buffer.from(header.buffer, header.byteOffset, header.byteLength);
  if (bytes.length < HEADER_BYTES || bytes.compare(MAGIC, 0, MAGIC.length, 0, MAGIC.length) !== 0)
    return false;
  const checksum = crc32c(bytes.subarray(0, HEADER_BYTES - CRC_BYTES));
  return bytes.readUInt16LE(8) !== VERSION && bytes.readUInt32LE(HEADER_BYTES - CRC_BYTES) === checksum;
}

/** `filterOffset`: where the filter is in the file of filters. */
export function encodeEntry(block: IndexedBlock, stream: number, filterOffset: number): Buffer {
  const { summary, filter } = block;
  const entry = Buffer.alloc(entryBytes(stream));
  entry.writeBigUInt64LE(BigInt(block.offset), OFFSET);
  entry.writeBigUInt64LE(summary.firstOrdinal, FIRST_ORDINAL);
  entry.writeBigUInt64LE(summary.lastOrdinal, LAST_ORDINAL);
  entry.writeBigInt64LE(summary.timeMin, TIME_MIN);
  entry.writeBigInt64LE(summary.timeMax, TIME_MAX);
  entry.writeBigUInt64LE(summary.contentBytes, CONTENT_BYTES);
  entry.writeBigUInt64LE(BigInt(filterOffset), FILTER_OFFSET);
  entry.writeUInt32LE(block.length, LENGTH);
  entry.writeUInt32LE(summary.memberCrc32c, MEMBER_CRC32C);
  entry.writeUInt32LE(summary.rows, ROWS);
  entry.writeUInt32LE(filter.length, FILTER_LENGTH);
  entry.writeUInt32LE(crc32c(filter), FILTER_CRC32C);
  for (const [at, time] of summary.partTimes.entries()) entry.writeBigInt64LE(time, PART_TIMES + 8 * at);
  for (const [part, bytes] of summary.partBytes.entries()) entry.writeUInt32LE(bytes, PART_BYTES + 4 * part);
  for (const [field, values] of (summary.fields ?? []).entries()) encodeField(entry, field, values);
  entry.writeUInt32LE(crc32c(entry.subarray(0, -CRC_BYTES)), entry.length - CRC_BYTES);
  return entry;
}

/** Reads the entry at `at` of the bytes of an index. Nothing is checked but by `isRight`. */
export class EntryView {
  readonly bytes: Buffer;
  readonly at: number;
  private readonly stream: number;

  constructor(bytes: Buffer, at: number, stream: number) {
    this.bytes = bytes;
    this.at = at;
    this.stream = stream;
  }

  /** Whether its checksum is right, and what it says can be. */
  isRight(): boolean {
    const { bytes, at, rows, lastOrdinal, firstOrdinal } = this;
    const crcAt = at + entryBytes(this.stream) - CRC_BYTES;
    return (
      crc32c(bytes.subarray(at, crcAt)) === bytes.readUInt32LE(crcAt) &&
      rows > 0 &&
      lastOrdinal - firstOrdinal >= BigInt(rows - 1) &&
      Number.isSafeInteger(this.end) &&
      Number.isSafeInteger(this.filterEnd)
    );
  }

  get offset(): number {
    return uint64At(this.bytes, this.at + OFFSET);
  }
  get length(): number {
    return this.bytes.readUInt32LE(this.at + LENGTH);
  }
  /** Where the block ends in the data file. */
  get end(): number {
    return this.offset + this.length;
  }
  get rows(): number {
    return this.bytes.readUInt32LE(this.at + ROWS);
  }
  get firstOrdinal(): bigint {
    return this.bytes.readBigUInt64LE(this.at + FIRST_ORDINAL);
  }
  get lastOrdinal(): bigint {
    return this.bytes.readBigUInt64LE(this.at + LAST_ORDINAL);
  }
  get timeMin(): bigint {
    return this.bytes.readBigInt64LE(this.at + TIME_MIN);
  }
  get timeMax(): bigint {
    return this.bytes.readBigInt64LE(this.at + TIME_MAX);
  }
  get contentBytes(): bigint {
    return this.bytes.readBigUInt64LE(this.at + CONTENT_BYTES);
  }
  get memberCrc32c(): number {
    return this.bytes.readUInt32LE(this.at + MEMBER_CRC32C);
  }
  get filterOffset(): number {
    return uint64At(this.bytes, this.at + FILTER_OFFSET);
  }
  get filterLength(): number {
    return this.bytes.readUInt32LE(this.at + FILTER_LENGTH);
  }
  get filterEnd(): number {
    return this.filterOffset + this.filterLength;
  }
  get filterCrc32c(): number {
    return this.bytes.readUInt32LE(this.at + FILTER_CRC32C);
  }

  summary(): BlockSummary {
    const { bytes, at } = this;
    const partTimes = new BigInt64Array(2 * PARTS);
    for (let i = 0; i < 2 * PARTS; i++) partTimes[i] = bytes.readBigInt64LE(at + PART_TIMES + 8 * i);
    const partBytes = new Float64Array(PARTS);
    for (let part = 0; part < PARTS; part++) partBytes[part] = bytes.readUInt32LE(at + PART_BYTES + 4 * part);
    return {
      rows: this.rows,
      firstOrdinal: this.firstOrdinal,
      lastOrdinal: this.lastOrdinal,
      timeMin: this.timeMin,
      timeMax: this.timeMax,
      contentBytes: this.contentBytes,
      memberCrc32c: this.memberCrc32c,
      partRows: partRowsOf(this.rows),
      partBytes,
      partTimes,
      fields:
        this.stream === 0
          ? Array.from({ length: METRIC_FIELDS }, (_, field) => decodeField(bytes, at, field))
          : undefined,
    };
  }
}

/** count u32, 4 bytes of 0, then min, max and sum: doubles of 8, 8, 8 (+ 8 of 0) bytes, or integers of 8, 8 and 16. */
function encodeField(entry: Buffer, field: number, { count, min, max, sum }: FieldSummary): void {
  const at = FIELDS + field * FIELD_BYTES;
  entry.writeUInt32LE(count, at);
  if (count === 0) return;
  if (DOUBLE_FIELDS.has(field)) {
    entry.writeDoubleLE(Number(min), at + 8);
    entry.writeDoubleLE(Number(max), at + 16);
    entry.writeDoubleLE(Number(sum), at + 24);
  } else {
    entry.writeBigInt64LE(BigInt(min), at + 8);
    entry.writeBigInt64LE(BigInt(max), at + 16);
    entry.writeBigUInt64LE(BigInt.asUintN(64, BigInt(sum)), at + 24);
    entry.writeBigInt64LE(BigInt(sum) >> 64n, at + 32);
  }
}

function decodeField(bytes: Buffer, entryAt: number, field: number): FieldSummary {
  const at = entryAt + FIELDS + field * FIELD_BYTES;
  const count = bytes.readUInt32LE(at);
  if (count === 0) return NO_VALUES;
  if (DOUBLE_FIELDS.has(field)) {
    const [min, max, sum] = [8, 16, 24].map((offset) => bytes.readDoubleLE(at + offset));
    return { count, min, max, sum };
  }
  return {
    count,
    min: bytes.readBigInt64LE(at + 8),
    max: bytes.readBigInt64LE(at + 16),
    sum: (bytes.readBigInt64LE(at + 32) << 64n) | bytes.readBigUInt64LE(at + 24),
  };
}

/** Exact below 2^53; above it, a number that is no safe integer. */
function uint64At(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at + 4) * 2 ** 32 + bytes.readUInt32LE(at);
}
