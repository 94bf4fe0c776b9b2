import { crc32c } from '@joblet/wal';
import { checkpointOf } from '../read/turns.js';
import { LOGS, METRICS } from '../read/row-kind.js';
import { scanPlain } from '../read/plain-lines.js';
import type { IndexedFile } from './block-index.js';
import { describeLogs, describeMetrics } from './describe-block.js';
import { decodeRows, type DataBytes } from './describe-member.js';
import type { EntryView, IndexedBlock } from './index-layout.js';

/** Whether the bytes at the entry's place are those that it was made of: a plain block has no header that tells. */
export async function matchesPlainBlock(
  { offset, length, memberCrc32c }: EntryView,
  data: DataBytes,
): Promise<boolean> {
  const bytes = await data.read(offset, length);
  return bytes.length === length && crc32c(bytes) === memberCrc32c;
}

/**
 * As `describeMember`, of the lines from `offset` on: as many as a block has at the most, and not beyond `end`. Undefined when the
 * first of them is not a whole row of this file with an ordinal.
 */
export async function describePlainBlock(
  file: IndexedFile,
  data: DataBytes,
  offset: number,
  end = data.size,
): Promise<IndexedBlock | undefined> {
  const bytes = {
    size: end,
    read: (at: number, length: number) => data.read(at, Math.min(length, end - at)),
  };
  for await (const found of scanPlain(
    bytes,
    offset,
    checkpointOf(() => undefined),
  )) {
    if (found.kind !== 'rows' || found.start !== offset || !found.isEnded || !found.ordinals)
      return undefined;
    const length = found.end - offset;
    const text = await data.read(offset, length);
    const { ordinals } = found;
    const rows =
      file.stream === 0
        ? decodeRows(METRICS, file, text, { ordinals })
        : decodeRows(LOGS, file, text, { ordinals });
    if (!rows) return undefined;
    const picked = Uint32Array.from(rows.starts.keys());
    const { summary, filter } =
      file.stream === 0 ? describeMetrics(rows, picked) : describeLogs(rows, picked);
    return { offset, length, summary: { ...summary, memberCrc32c: crc32c(text) }, filter };
  }
  return undefined;
}
