import type { FileSnapshot } from './file-snapshot.js';
import type { PlainFile, Segment } from './file-segments.js';
import { HEADER_BYTES_MAX, parseHeader, TRAILER_BYTES } from './gzip-member.js';
import { ORDINAL_RANGE_MAX } from './limits.js';

/** A file of a job, and what its headers tell. */
export interface SurveyedFile {
  readonly file: FileSnapshot;
  /** 0 for metrics. */
  readonly stream: number;
  readonly content: PlainFile | readonly Segment[];
}

/** Which ordinals the headers of a job's files name, and which have been derived for members without a header. */
export class TakenOrdinals {
  /** -1n: none. */
  readonly highest: bigint;
  private readonly files: readonly SurveyedFile[];
  private readonly derived: BigUint64Array[] = [];

  constructor(files: readonly SurveyedFile[]) {
    this.files = files;
    this.highest = files.reduce((highest, { content }) => {
      const last = lastOrdinalOf(content);
      return last > highest ? last : highest;
    }, -1n);
  }

  take(ordinals: BigUint64Array): void {
    this.derived.push(ordinals);
  }

  /** The ordinals between the two that nobody has. Undefined when there is too much to look at. */
  async free(after: bigint, before: bigint): Promise<BigUint64Array | undefined> {
    const size = before - after - 1n;
    if (size <= 0n) return new BigUint64Array(0);
    if (size > ORDINAL_RANGE_MAX) return undefined;
    const isTaken = new Uint8Array(Number(size));
    const mark = (ordinals: BigUint64Array): void => {
      for (const ordinal of ordinals) {
        if (ordinal > after && ordinal < before) isTaken[Number(ordinal - after) - 1] = 1;
      }
    };
    for (const { file, content } of this.files) {
      for await (const ordinals of namedOrdinals(file, content, after, before)) mark(ordinals);
    }
    this.derived.forEach(mark);
    const free: bigint[] = [];
    isTaken.forEach((taken, index) => {
      if (taken === 0) free.push(after + 1n + BigInt(index));
    });
    return BigUint64Array.from(free);
  }
}

function lastOrdinalOf(content: PlainFile | readonly Segment[]): bigint {
  if ('lastOrdinal' in content) return content.lastOrdinal;
  return content.reduce(
    (last, segment) =>
      segment.kind === 'numbered' && segment.lastOrdinal > last ? segment.lastOrdinal : last,
    -1n,
  );
}

/** The ordinals in each header that names some between the two. */
async function* namedOrdinals(
  file: FileSnapshot,
  content: PlainFile | readonly Segment[],
  after: bigint,
  before: bigint,
): AsyncGenerator<BigUint64Array> {
  if (!('lastOrdinal' in content)) {
    for (const segment of content) {
      if (segment.kind !== 'numbered' || segment.lastOrdinal <= after || segment.firstOrdinal >= before)
        continue;
      const header = parseHeader(await file.read(segment.start, HEADER_BYTES_MAX));
      if (header?.extra) yield header.extra.ordinals;
    }
    return;
  }
  for (let pos = content.foreignEnd; pos < file.size;) {
    const header = parseHeader(await file.read(pos, HEADER_BYTES_MAX));
    if (!header?.extra || header.extra.ordinals[0] >= before) return;
    yield header.extra.ordinals;
    pos += header.headerBytes + header.extra.bodyBytes + TRAILER_BYTES;
  }
}
