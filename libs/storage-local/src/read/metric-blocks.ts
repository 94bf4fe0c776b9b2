import { promisify } from 'node:util';
import { gunzip, type InputType, type ZlibOptions } from 'node:zlib';
import { WireError } from '@joblet/wire';
import type { BlockRows } from '../block/block-rows.js';
import { parseHeader } from '../format/gzip-member.js';
import { IrregularBlock, type ChosenBlock } from './block-reader.js';
import { METRICS } from './row-kind.js';

const gunzipAsync = promisify<InputType, ZlibOptions, Buffer>(gunzip);
const NEWLINE = 0x0a;

/** The metric rows of each block. Throws IrregularBlock at one that is not what it was said to be. */
export async function* readMetricBlocks(chosen: readonly ChosenBlock[]): AsyncGenerator<BlockRows> {
  for (const block of chosen) yield await readMetricBlock(block);
}

async function readMetricBlock(chosen: ChosenBlock): Promise<BlockRows> {
  const { source, blocks, block } = chosen;
  const member = Buffer.allocUnsafeSlow(blocks.byteLength(block));
  await source.fill(member, blocks.offset(block));
  const ordinals = parseHeader(member)?.extra?.ordinals;
  if (!ordinals) throw new IrregularBlock(chosen);
  const batch = METRICS.collector();
  try {
    const text = await gunzipAsync(member, {});
    let start = 0;
    for (const ordinal of ordinals) {
      const end = text.indexOf(NEWLINE, start);
      if (end < 0) throw new IrregularBlock(chosen);
      const row = METRICS.decode(text, start, end);
      if (row.gap) throw new IrregularBlock(chosen);
      const message = METRICS.encode(row);
      batch.add({ jobId: row.jobId, timestamp: row.timestamp, ordinal }, message, 0, message.length);
      start = end + 1;
    }
    if (start !== text.length) throw new IrregularBlock(chosen);
  } catch (error) {
    // Whatever zlib says is wrong with it.
    if (error instanceof WireError || (error instanceof Error && 'errno' in error)) {
      throw new IrregularBlock(chosen);
    }
    throw error;
  }
  const { bytes, table } = batch.build();
  return { bytes, starts: table.starts, ends: table.ends, timestamps: table.timestamps, ordinals };
}
