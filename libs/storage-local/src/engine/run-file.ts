import type { FileHandle } from 'node:fs/promises';
import { crc32c } from '@joblet/wal';
import type { BlockRows } from '../block/block-rows.js';
import { COPY_BYTES } from '../limits.js';
import type { AreaName } from './log-entry.js';
import { encodePieceHeader } from './piece-header.js';
import { pieceParts } from './piece-rows.js';
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
  const written: WrittenPiece[] = [];
  /** Of the file: of what is written, and with `parts`. */
  let offset = 0;
  let end = 0;
  let parts: Uint8Array[] = [];
  for (const { jobId, area, rows } of pieces) {
    const own = pieceParts(rows);
    const size = own.reduce((sum, part) => sum + part.length, 0);
    const crc = own.reduce((before, part) => crc32c(part, before), 0);
    const counts = { rows: rows.starts.length, bytes: rows.bytes.length };
    const header = encodePieceHeader({
      ...{ storeId, position, offset: end, jobId, area },
      ...{ ...counts, crc32c: crc },
    });
    written.push({ jobId, totals: totalsOf(area, rows), size, crc32c: crc });
    parts.push(header, ...own);
    end += header.length + size;
    if (end - offset < COPY_BYTES) continue;
    await writeAll(handle, parts, offset);
    offset = end;
    parts = [];
  }
  const directory = RunDirectory.of(storeId, position, written);
  await writeAll(handle, [...parts, directory.bytes, endOf(directory)], offset);
  return directory;
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
