import { pipeline, Readable } from 'node:stream';
import { constants, createInflateRaw } from 'node:zlib';
import { errorCode } from '../errors.js';
import type { FileSnapshot } from './file-snapshot.js';
import { READ_AHEAD_BYTES, TEXT_PIECE_BYTES } from '../limits.js';
import type { ByteRange } from './member.js';

/** How a deflate stream went on. */
export interface StreamEnd {
  /** Bytes that it took; fewer than there were when it ended before them. */
  readonly bodyBytes: number;
  /** Whether it is no deflate stream from some point on. What came before may be wrong too. */
  readonly broken: boolean;
}

/** What lies in the range inflated, as far as it goes, in pieces of bounded size. Iterated once. */
export class InflatedRange implements AsyncIterable<Buffer> {
  /** Known when all pieces have been given. */
  end: StreamEnd | undefined;
  private readonly file: FileSnapshot;
  private readonly range: ByteRange;

  constructor(file: FileSnapshot, range: ByteRange) {
    this.file = file;
    this.range = range;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    const inflater = createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH, chunkSize: TEXT_PIECE_BYTES });
    const input = Readable.from(compressed(this.file, this.range));
    // Errors come out of the loop below as well; input behind the stream's end makes an early end, which is none.
    pipeline(input, inflater, () => undefined);
    let broken = false;
    try {
      for await (const piece of inflater as AsyncIterable<Buffer>) yield piece;
    } catch (error) {
      if (!errorCode(error)?.startsWith('Z_')) throw error;
      broken = true;
    }
    this.end = { bodyBytes: inflater.bytesWritten, broken };
  }
}

async function* compressed(file: FileSnapshot, { start, end }: ByteRange): AsyncGenerator<Buffer> {
  for (let pos = start; pos < end;) {
    const bytes = await file.read(pos, Math.min(READ_AHEAD_BYTES, end - pos));
    yield bytes;
    pos += bytes.length;
  }
}
