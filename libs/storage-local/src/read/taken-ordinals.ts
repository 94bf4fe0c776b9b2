import type { FileSnapshot } from './file-snapshot.js';
import type { PlainFile, Segment } from './file-segments.js';
import { HEADER_BYTES_MAX, parseHeader, TRAILER_BYTES } from '../format/gzip-member.js';
import { OrdinalRanges } from './ordinal-ranges.js';
import type { Checkpoint } from './turns.js';

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
  private readonly checkpoint: Checkpoint;
  private named: Promise<OrdinalRanges> | undefined;

  constructor(files: readonly SurveyedFile[], checkpoint: Checkpoint) {
    this.files = files;
    this.checkpoint = checkpoint;
    this.highest = files.reduce((highest, { content }) => {
      const last = lastOrdinalOf(content);
      return last > highest ? last : highest;
    }, -1n);
  }

  /** To which derived ordinals are added. All headers are read, once: only when some member has lost its own. */
  ranges(): Promise<OrdinalRanges> {
    this.named ??= namedOrdinals(this.files, this.checkpoint);
    return this.named;
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

interface NamedMember {
  readonly file: FileSnapshot;
  readonly start: number;
  readonly firstOrdinal: bigint;
}

/** In the order of the ordinals, so that those of two streams make few ranges all the time. */
async function namedOrdinals(files: readonly SurveyedFile[], checkpoint: Checkpoint): Promise<OrdinalRanges> {
  const members: NamedMember[] = [];
  for (const surveyed of files) {
    for await (const member of namedMembers(surveyed, checkpoint)) members.push(member);
  }
  members.sort((a, b) => (a.firstOrdinal < b.firstOrdinal ? -1 : 1));
  const ranges = new OrdinalRanges();
  for (const { file, start } of members) {
    await checkpoint();
    const header = parseHeader(await file.read(start, HEADER_BYTES_MAX));
    if (header?.extra) ranges.addAll(header.extra.ordinals);
  }
  return ranges;
}

async function* namedMembers(
  { file, content }: SurveyedFile,
  checkpoint: Checkpoint,
): AsyncGenerator<NamedMember> {
  if (!('lastOrdinal' in content)) {
    for (const segment of content) {
      if (segment.kind === 'numbered')
        yield { file, start: segment.start, firstOrdinal: segment.firstOrdinal };
    }
    return;
  }
  for (let start = content.foreignEnd; start < file.size;) {
    await checkpoint();
    const header = parseHeader(await file.read(start, HEADER_BYTES_MAX));
    if (!header?.extra) return;
    yield { file, start, firstOrdinal: header.extra.ordinals[0] };
    start += header.headerBytes + header.extra.bodyBytes + TRAILER_BYTES;
  }
}
