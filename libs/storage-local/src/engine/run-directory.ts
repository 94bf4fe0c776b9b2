import { isJobId } from '@joblet/storage';
import type { AreaName } from './log-entry.js';
import { pieceHeaderBytes, STORE_ID_BYTES } from './piece-header.js';
import { RUN_ROW_BYTES } from './piece-rows.js';
import type { RowTotals } from './row-totals.js';

/** Rows of one job and kind in a run. */
export interface RunPiece {
  /** Which of the run's pieces. */
  readonly index: number;
  readonly jobId: string;
  readonly area: AreaName;
  readonly rows: number;
  /** Of the rows in their wire form. */
  readonly bytes: number;
  readonly firstOrdinal: bigint;
  readonly lastOrdinal: bigint;
  readonly totals: readonly RowTotals[];
  /** Where its columns, ordinals and bytes are in the file, behind its header. */
  readonly offset: number;
  readonly crc32c: number;
}

/** What a directory is made of, for each piece in the order of the file. */
export interface WrittenPiece {
  readonly jobId: string;
  /** Not empty; the stream 0 is of metrics. */
  readonly totals: readonly RowTotals[];
  /** In the file, without the header. */
  readonly size: number;
  readonly crc32c: number;
}

const HEAD_BYTES = 16 + STORE_ID_BYTES;
const PIECE_BYTES = 20;
const TOTAL_BYTES = 41;

/**
 * Which pieces a run has: columns in the bytes that the file has, since ten thousand live jobs have a piece in each of 64 runs. Behind the
 * head (position, pieces, totals, id of the store) the columns that `columnsIn` names, then the job ids, one behind the other. Little-endian.
 */
export class RunDirectory {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Of the store that has written it, in hexadecimal. */
  readonly storeId: string;
  /** Records of the log from here on are not in the run. */
  readonly position: bigint;
  readonly length: number;
  private readonly columns: Columns;
  /** Where the headers are; absent: each where the piece before ends. */
  private readonly offsets: Float64Array | undefined;

  private constructor(bytes: Uint8Array<ArrayBuffer>, offsets?: Float64Array) {
    const head = new DataView(bytes.buffer, 0, HEAD_BYTES);
    this.bytes = bytes;
    this.storeId = Buffer.from(bytes.buffer, 16, STORE_ID_BYTES).toString('hex');
    this.position = head.getBigUint64(0, true);
    this.length = head.getUint32(8, true);
    this.columns = columnsIn(bytes, this.length, head.getUint32(12, true));
    this.offsets = offsets;
  }

  /** `offsets`: of the headers in a file that has more than these pieces. */
  static of(
    storeId: string,
    position: bigint,
    pieces: readonly WrittenPiece[],
    offsets?: Float64Array,
  ): RunDirectory {
    const totals = pieces.flatMap((piece) => piece.totals);
    const names = Buffer.from(pieces.map(({ jobId }) => jobId).join(''), 'latin1');
    const columnBytes = HEAD_BYTES + pieces.length * PIECE_BYTES + totals.length * TOTAL_BYTES;
    const bytes = new Uint8Array(columnBytes + names.length);
    const head = new DataView(bytes.buffer);
    head.setBigUint64(0, position, true);
    head.setUint32(8, pieces.length, true);
    head.setUint32(12, totals.length, true);
    bytes.set(Buffer.from(storeId, 'hex'), 16);
    bytes.set(names, columnBytes);
    const directory = new RunDirectory(bytes, offsets);
    directory.fill(pieces, totals);
    return directory;
  }

  /** In an ArrayBuffer of their own, and as `of` made them, for which a checksum has to vouch. Else: what is wrong. */
  static parse(bytes: Uint8Array<ArrayBuffer>): RunDirectory | string {
    if (bytes.length < HEAD_BYTES) return 'its directory is too short';
    const head = new DataView(bytes.buffer, 0, HEAD_BYTES);
    const columnBytes = head.getUint32(8, true) * PIECE_BYTES + head.getUint32(12, true) * TOTAL_BYTES;
    if (HEAD_BYTES + columnBytes > bytes.length) return 'its directory is too short';
    const directory = new RunDirectory(bytes);
    for (let index = 0; index < directory.length; index++)
      if (!isJobId(directory.jobId(index))) return 'it names what is no job';
    return directory;
  }

  jobId(index: number): string {
    const { nameEnds, names } = this.columns;
    return names.toString('latin1', startOf(nameEnds, index), nameEnds[index]);
  }

  rows(index: number): number {
    const { totalEnds, rows } = this.columns;
    let sum = 0;
    for (let total = startOf(totalEnds, index); total < totalEnds[index]; total++) sum += rows[total];
    return sum;
  }

  /** Of the rows in their wire form. */
  messageBytes(index: number): number {
    const { ends } = this.columns;
    return ends[index] - this.offset(index) - this.rows(index) * RUN_ROW_BYTES;
  }

  firstOrdinal(index: number): bigint {
    const { totalEnds, firstOrdinals } = this.columns;
    const own = firstOrdinals.subarray(startOf(totalEnds, index), totalEnds[index]);
    return own.reduce((least, ordinal) => (ordinal < least ? ordinal : least));
  }

  piece(index: number): RunPiece {
    const { totalEnds, crcs, streams } = this.columns;
    const firstTotal = startOf(totalEnds, index);
    const totals: RowTotals[] = [];
    for (let total = firstTotal; total < totalEnds[index]; total++) totals.push(this.total(total));
    return {
      index,
      jobId: this.jobId(index),
      area: streams[firstTotal] === 0 ? 'metrics' : 'logs',
      rows: this.rows(index),
      bytes: this.messageBytes(index),
      firstOrdinal: this.firstOrdinal(index),
      lastOrdinal: totals.reduce((last, { lastOrdinal }) => (lastOrdinal > last ? lastOrdinal : last), -1n),
      totals,
      offset: this.offset(index),
      crc32c: crcs[index],
    };
  }

  *pieces(): Generator<RunPiece> {
    for (let index = 0; index < this.length; index++) yield this.piece(index);
  }

  /** Behind the header. */
  private offset(index: number): number {
    const { ends, nameEnds } = this.columns;
    const header = this.offsets ? this.offsets[index] : startOf(ends, index);
    return header + pieceHeaderBytes(nameEnds[index] - startOf(nameEnds, index));
  }

  private total(at: number): RowTotals {
    const { streams, rows, contentBytes, timeMins, timeMaxs, firstOrdinals, lastOrdinals } = this.columns;
    return {
      stream: streams[at],
      rows: rows[at],
      contentBytes: contentBytes[at],
      timeMin: timeMins[at],
      timeMax: timeMaxs[at],
      firstOrdinal: firstOrdinals[at],
      lastOrdinal: lastOrdinals[at],
    };
  }

  private fill(pieces: readonly WrittenPiece[], totals: readonly RowTotals[]): void {
    const { columns } = this;
    const end = { file: 0, totals: 0, names: 0 };
    pieces.forEach((piece, index) => {
      if (this.offsets) end.file = this.offsets[index];
      columns.ends[index] = end.file += pieceHeaderBytes(piece.jobId.length) + piece.size;
      columns.totalEnds[index] = end.totals += piece.totals.length;
      columns.nameEnds[index] = end.names += piece.jobId.length;
      columns.crcs[index] = piece.crc32c;
    });
    totals.forEach((total, at) => {
      columns.timeMins[at] = total.timeMin;
      columns.timeMaxs[at] = total.timeMax;
      columns.firstOrdinals[at] = total.firstOrdinal;
      columns.lastOrdinals[at] = total.lastOrdinal;
      columns.rows[at] = total.rows;
      columns.contentBytes[at] = total.contentBytes;
      columns.streams[at] = total.stream;
    });
  }
}

type Columns = ReturnType<typeof columnsIn>;

/** In the order of the file. `…Ends`: behind what the piece has of it; it begins where that of the one before ends. */
function columnsIn({ buffer, length }: Uint8Array<ArrayBuffer>, pieces: number, totals: number) {
  const totalsAt = HEAD_BYTES + pieces * 8;
  const smallAt = totalsAt + totals * 32;
  const smallTotalsAt = smallAt + pieces * 12;
  const namesAt = smallTotalsAt + totals * 9;
  return {
    ends: new Float64Array(buffer, HEAD_BYTES, pieces),
    timeMins: new BigInt64Array(buffer, totalsAt, totals),
    timeMaxs: new BigInt64Array(buffer, totalsAt + totals * 8, totals),
    firstOrdinals: new BigUint64Array(buffer, totalsAt + totals * 16, totals),
    lastOrdinals: new BigUint64Array(buffer, totalsAt + totals * 24, totals),
    totalEnds: new Uint32Array(buffer, smallAt, pieces),
    nameEnds: new Uint32Array(buffer, smallAt + pieces * 4, pieces),
    crcs: new Uint32Array(buffer, smallAt + pieces * 8, pieces),
    rows: new Uint32Array(buffer, smallTotalsAt, totals),
    contentBytes: new Uint32Array(buffer, smallTotalsAt + totals * 4, totals),
    streams: new Uint8Array(buffer, smallTotalsAt + totals * 8, totals),
    names: Buffer.from(buffer, namesAt, length - namesAt),
  };
}

function startOf(ends: Uint32Array | Float64Array, index: number): number {
  return index === 0 ? 0 : ends[index - 1];
}
