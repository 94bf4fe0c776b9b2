import { RowEncoder } from '@joblet/wire';
import { partRowsOf, summarise } from '../../block-index/describe-block.js';
import { filterBits, riceParameter, shorterFilter } from '../../block-index/filter.js';
import type { BlockRows } from '../block-rows.js';
import { copyRowBytes } from '../packed-rows.js';
import type { RowMember, RowTexts } from '../row-texts.js';
import type { LogRowsModule } from './log-rows-module.js';

const NO_FILTER = new Uint8Array(0);

/**
 * As `plainLogTexts`, by the module. Undefined for rows that it does not take: too many, too long, or not such as the daemon
 * writes them.
 */
export function wasmLogTexts(
  module: LogRowsModule,
  jobId: string,
  rows: BlockRows,
  content: 'text' | 'base64',
): RowTexts | undefined {
  const count = rows.starts.length;
  const prefix = rowPrefix(jobId);
  if (!prefix || prefix.length > module.prefix.length || !load(module, rows)) return undefined;
  module.prefix.set(prefix);
  if (!module.scan(count, prefix.length, content === 'base64' ? 1 : 0)) return undefined;
  const streams = module.streams.slice(0, count);
  const lengths = module.textLengths.slice(0, count);
  return { streams, lengths, member: (picked) => makeMember(module, rows, lengths, picked) };
}

/** Whether the rows fit. */
function load(module: LogRowsModule, rows: BlockRows): boolean {
  const { starts, ends } = rows;
  const count = starts.length;
  if (count > module.inputLengths.length) return false;
  let byteLength = 0;
  for (let row = 0; row < count; row++) byteLength += module.inputLengths[row] = ends[row] - starts[row];
  if (byteLength > module.input.length) return false;
  copyRowBytes(rows, module.input);
  module.timestamps.set(rows.timestamps);
  return true;
}

/** What each row of the job begins with, behind it a comma; undefined when nothing stands before the first comma. */
function rowPrefix(jobId: string): Uint8Array | undefined {
  if (jobId === '') return undefined;
  const encoder = new RowEncoder();
  encoder.logRow({ jobId, timestamp: 0n }, NO_FILTER, 0, 0);
  return encoder.take().subarray(0, -'}\n'.length);
}

function makeMember(
  module: LogRowsModule,
  rows: BlockRows,
  lengths: Uint32Array,
  picked: Uint32Array,
): RowMember {
  const { length } = picked;
  module.picked.set(picked);
  const partRows = partRowsOf(length);
  const partBytes = new Float64Array(partRows.length);
  let textBytes = 0;
  for (let part = 0, at = 0, end = 0; part < partRows.length; part++) {
    for (end += partRows[part]; at < end; at++) {
      textBytes += lengths[picked[at]];
      partBytes[part] += module.contentLengths[picked[at]];
    }
  }
  const contentBytes = partBytes.reduce((sum, bytes) => sum + bytes);
  module.writeText(length);
  const text = module.text.subarray(0, textBytes);
  const summary = summarise(rows, picked, partBytes, contentBytes, undefined);
  if (contentBytes === 0) return { text, summary, filter: NO_FILTER };
  const bits = filterBits(contentBytes);
  const coded = module.encodeFilter(bits, riceParameter(bits, module.makeFilter(length, bits)));
  const bitmap = module.filter.subarray(0, 2 ** (bits - 5));
  const filter = shorterFilter(bitmap, bits, coded ? module.encodedFilter.subarray(0, coded) : undefined);
  return { text, summary, filter };
}
