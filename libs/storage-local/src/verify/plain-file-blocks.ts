import type { FileSnapshot } from '../read/file-snapshot.js';
import { scanPlain } from '../read/plain-lines.js';
import { checkpointOf } from '../read/turns.js';
import type { DataBlock } from './file-blocks.js';

/** The lines of a plain data file, as many at a time as a block has at the most, and what is no row. */
export async function* plainFileBlocks(file: FileSnapshot): AsyncGenerator<DataBlock> {
  const checkpoint = checkpointOf(() => undefined);
  for await (const found of scanPlain(file, 0, checkpoint)) {
    const place = { offset: found.start, length: found.end - found.start };
    if (found.kind === 'damage') {
      yield { ...place, rows: 0, problem: 'what is there is no row', ordinals: undefined };
      continue;
    }
    const { rows, ordinals, timeMin, timeMax, contentBytes } = found;
    const ends = ordinals && { firstOrdinal: ordinals[0], lastOrdinal: ordinals[rows - 1] };
    yield { ...place, rows, textBytes: place.length, timeMin, timeMax, contentBytes, ...ends, ordinals };
  }
}
