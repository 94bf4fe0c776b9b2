import type { FileHandle } from 'node:fs/promises';
import { crc32c } from '@joblet/wal';
import { COPY_BYTES } from '../limits.js';
import {
  parsePieceHeader,
  PIECE_HEADER_BYTES_MAX,
  PIECE_MAGIC,
  pieceHeaderBytes,
  type PieceHeader,
} from './piece-header.js';
import { readPieceRows, RUN_ROW_BYTES } from './piece-rows.js';
import { totalsOf, type RowTotals } from './row-totals.js';
import { RunDirectory } from './run-directory.js';

interface FoundPiece {
  readonly header: PieceHeader;
  readonly totals: readonly RowTotals[];
}

/**
 * A directory of the pieces of the store that are whole, for a run whose own cannot be read; undefined when there are none. Absent
 * `storeId`: whosever they are. Takes the memory of one piece, COPY_BYTES at least.
 */
export async function scanRun(
  handle: FileHandle,
  storeId: string | undefined,
): Promise<RunDirectory | undefined> {
  const found: FoundPiece[] = [];
  for await (const piece of wholePieces(handle))
    if (storeId === undefined || piece.header.storeId === storeId) found.push(piece);
  if (found.length === 0) return undefined;
  // All pieces of a run name the same position. Others are of a run whose place on the disk this one got: that was before.
  const { header } = found.reduce((one, other) =>
    other.header.position > one.header.position ? other : one,
  );
  const own = found.filter(
    (piece) => piece.header.position === header.position && piece.header.storeId === header.storeId,
  );
  const written = own.map(({ header: { jobId, rows, bytes, crc32c: crc }, totals }) => {
    return { jobId, totals, size: rows * RUN_ROW_BYTES + bytes, crc32c: crc };
  });
  const offsets = own.map((piece) => piece.header.offset);
  return RunDirectory.of(header.storeId, header.position, written, Float64Array.from(offsets));
}

/** In the order of the file. What a whole piece has in it is its content, and not looked at. */
async function* wholePieces(handle: FileHandle): AsyncGenerator<FoundPiece> {
  const file = new FileWindow(handle);
  const { size } = await handle.stat();
  for (let offset = 0; offset < size;) {
    const bytes = await file.from(offset, PIECE_HEADER_BYTES_MAX);
    const start = bytes.indexOf(PIECE_MAGIC);
    if (start !== 0) {
      // The magic may begin in the last bytes.
      offset += start > 0 ? start : Math.max(1, bytes.length - PIECE_MAGIC.length + 1);
      continue;
    }
    const header = parsePieceHeader(bytes);
    const totals = header?.offset === offset ? await totalsIn(file, header, size) : undefined;
    if (header && totals) yield { header, totals };
    offset = header && totals ? endOf(header) : offset + 1;
  }
}

/** Undefined when the piece is not what was written. */
async function totalsIn(
  file: FileWindow,
  header: PieceHeader,
  size: number,
): Promise<readonly RowTotals[] | undefined> {
  if (header.rows === 0 || endOf(header) > size) return undefined;
  const from = rowsFrom(header);
  const length = endOf(header) - from;
  const bytes = (await file.from(from, length)).subarray(0, length);
  if (bytes.length < length || crc32c(bytes) !== header.crc32c) return undefined;
  const rows = readPieceRows(bytes, header.rows, header.bytes);
  return rows && totalsOf(header.area, rows);
}

function rowsFrom({ offset, jobId }: PieceHeader): number {
  return offset + pieceHeaderBytes(jobId.length);
}

function endOf(header: PieceHeader): number {
  return rowsFrom(header) + header.rows * RUN_ROW_BYTES + header.bytes;
}

/** What was read last of a file that is read from front to back. */
class FileWindow {
  private readonly handle: FileHandle;
  private start = 0;
  private bytes = Buffer.alloc(0);

  constructor(handle: FileHandle) {
    this.handle = handle;
  }

  /** Fewer than `length` only at the end of the file; maybe more. */
  async from(offset: number, length: number): Promise<Buffer<ArrayBuffer>> {
    if (offset < this.start || offset + length > this.start + this.bytes.length) {
      const bytes = Buffer.allocUnsafeSlow(Math.max(length, COPY_BYTES));
      const { bytesRead } = await this.handle.read(bytes, 0, bytes.length, offset);
      this.bytes = bytes.subarray(0, bytesRead);
      this.start = offset;
    }
    return this.bytes.subarray(offset - this.start);
  }
}
