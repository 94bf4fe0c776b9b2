import { isPlainFile } from '../format/file-names.js';
import type { FileSnapshot } from '../read/file-snapshot.js';
import { WHOLE_TEXT_BYTES_MAX } from '../limits.js';
import { scanMembers } from '../read/member-scanner.js';
import type { TextPieces } from '../read/member.js';
import { isRow } from '../read/row-kind.js';
import { checkpointOf } from '../read/turns.js';
import { plainFileBlocks } from './plain-file-blocks.js';
import type { FileBlock } from './verify-report.js';

const NEWLINE = 0x0a;

/** A block with what a verification needs beside what a person wants to see. */
export interface DataBlock extends FileBlock {
  /** Of its rows, or of those that are lost with it; undefined: not said. */
  readonly ordinals: BigUint64Array | undefined;
}

/** The gzip members of a data file, each inflated and compared with its checksum, or its lines, and what is between them. */
export async function* dataBlocks(file: FileSnapshot): AsyncGenerator<DataBlock> {
  if (isPlainFile(file.path)) return yield* plainFileBlocks(file);
  const checkpoint = checkpointOf(() => undefined);
  const options = { wants: () => true, wholeTextBytesMax: WHOLE_TEXT_BYTES_MAX, checkpoint };
  for await (const item of scanMembers(file, { start: 0, end: file.size }, options)) {
    const place = { offset: item.start, length: item.end - item.start };
    if (item.kind === 'damage') {
      const { problem, firstOrdinal, lastOrdinal } = item;
      const ordinals = { ...(firstOrdinal !== undefined && { firstOrdinal, lastOrdinal }) };
      yield { ...place, ...ordinals, rows: 0, problem, ordinals: undefined };
      continue;
    }
    const { extra } = item;
    const { rows, wrongRows, textBytes } = await countRows(item.text ?? []);
    const problems: string[] = [];
    if (wrongRows > 0) problems.push(`${wrongRows} of its lines are no rows`);
    if (extra && rows !== extra.ordinals.length) {
      problems.push(`found ${rows} rows, the header says ${extra.ordinals.length}`);
    }
    yield {
      ...place,
      rows,
      textBytes,
      ...(extra && {
        firstOrdinal: extra.ordinals[0],
        lastOrdinal: extra.ordinals[extra.ordinals.length - 1],
        timeMin: extra.timeMin,
        timeMax: extra.timeMax,
        contentBytes: extra.contentBytes,
      }),
      ...(problems.length > 0 && { problem: problems.join('; ') }),
      ordinals: extra?.ordinals,
    };
  }
}

async function countRows(text: TextPieces) {
  let rows = 0;
  let wrongRows = 0;
  let textBytes = 0;
  for await (const piece of text) {
    textBytes += piece.length;
    for (let start = 0; start < piece.length;) {
      const newline = piece.indexOf(NEWLINE, start);
      const end = newline < 0 ? piece.length : newline;
      rows++;
      if (!isRow(piece, start, end)) wrongRows++;
      start = end + 1;
    }
  }
  return { rows, wrongRows, textBytes };
}
