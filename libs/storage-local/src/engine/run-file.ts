import type { FileHandle } from 'node:fs/promises';
import { crc32c } from '@joblet/wal';
import type { BlockRows } from '../block/block-rows.js';
import { COPY_BYTES } from '../limits.js';
import type { AreaName } from './log-entry.js';
import { commonHeader, pieceHeaderBytes, writePieceHeader } from './piece-header.js';
import { RUN_ROW_BYTES, writePieceColumns } from './piece-rows.js';
import { totalsOf } from './row-totals.js';
import { RunDirectory, type WrittenPiece } from './run-directory.js';
import { scanRun } from './scan-run.js';
import { writeAll } from './write-all.js';

export interface NewPiece {
  readonly jobId: string;
  readonly area: AreaName;
  readonly rows: BlockRows;
}

/*
 * A run: the pieces, each behind its header, then the directory, then 24 bytes: "JOBLETRN", version u32 = 3, length of the directory
 * u32, its CRC-32C u32, zero u32. A piece: times, starts, ends, ordinals (8 bytes a row), then the rows. All little-endian.
 */
const MAGIC = 'JOBLETRN';
const VERSION = 3;
const END_BYTES = 24;

/** All of a run, and what its directory says then. */
export async function writeRunFile(
  handle: FileHandle,
  storeId: string,
  pieces: readonly NewPiece[],
  position: bigint,
): Promise<RunDirectory> {
  const common = commonHeader({ storeId, position });
  const written: WrittenPiece[] = [];
  /** Of the file: of what is written, and with `parts`. */
  let offset = 0;
  let end = 0;
  let parts: Uint8Array[] = [];
  for (const piece of pieces) {
    const { front, crc32c: crc } = encodePiece(piece, common, end);
    const { jobId, area, rows } = piece;
    const pieceBytes = front.length + rows.bytes.length;
    const size = pieceBytes - pieceHeaderBytes(jobId.length);
    written.push({ jobId, totals: totalsOf(area, rows), size, crc32c: crc });
    parts.push(front, rows.bytes);
    end += pieceBytes;
    if (end - offset < COPY_BYTES) continue;
    await writeAll(handle, parts, offset);
    offset = end;
    parts = [];
  }
  const directory = RunDirectory.of(storeId, position, written);
  await writeAll(handle, [...parts, directory.bytes, endOf(directory)], offset);
  return directory;
}

/** `front`: header and columns; the messages follow as they are. Copied, since ten thousand small pieces would be fifty thousand parts. */
function encodePiece(
  { jobId, area, rows }: NewPiece,
  common: Buffer,
  offset: number,
): { front: Buffer; crc32c: number } {
  const header = pieceHeaderBytes(jobId.length);
  const count = rows.starts.length;
  const front = Buffer.allocUnsafe(header + count * RUN_ROW_BYTES);
  writePieceColumns(front, rows, header);
  const crc = crc32c(rows.bytes, crc32c(front.subarray(header)));
  const { length: bytes } = rows.bytes;
  writePieceHeader(front, common, { offset, jobId, area, rows: count, bytes, crc32c: crc });
  return { front, crc32c: crc };
}

function endOf({ bytes }: RunDirectory): Buffer {
  const end = Buffer.alloc(END_BYTES);
  end.write(MAGIC);
  end.writeUInt32LE(VERSION, 8);
  end.writeUInt32LE(bytes.length, 12);
  end.writeUInt32LE(crc32c(bytes), 16);
  return end;
}

/**
 * `damage`: what is wrong with the directory, when it is made of the pieces that are there. When there is none of the store (absent
 * `storeId`: of any), what is wrong alone.
 */
export async function readRunFile(
  handle: FileHandle,
  storeId: string | undefined,
): Promise<{ readonly directory: RunDirectory; readonly damage?: string } | string> {
  const directory = await readDirectory(handle);
  if (typeof directory !== 'string') return { directory };
  const found = await scanRun(handle, storeId);
  if (!found) return directory;
  return { directory: found, damage: `${directory}; ${found.length} of its pieces are whole` };
}

/** What is wrong with it, when it cannot be believed. */
async function readDirectory(handle: FileHandle): Promise<RunDirectory | string> {
  const { size } = await handle.stat();
  const end = Buffer.alloc(END_BYTES);
  if (size < END_BYTES) return `found ${size} bytes, expected ${END_BYTES} at least`;
  await handle.read(end, 0, END_BYTES, size - END_BYTES);
  if (end.toString('latin1', 0, 8) !== MAGIC) return 'its end is none of a run';
  if (end.readUInt32LE(8) !== VERSION) return `found version ${end.readUInt32LE(8)}, expected ${VERSION}`;
  const length = end.readUInt32LE(12);
  if (length > size - END_BYTES) return 'its directory is longer than the file';
  const bytes = new Uint8Array(length);
  await handle.read(bytes, 0, length, size - END_BYTES - length);
  if (crc32c(bytes) !== end.readUInt32LE(16)) return 'the checksum of its directory is wrong';
  return RunDirectory.parse(bytes);
}
