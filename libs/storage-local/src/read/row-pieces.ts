import { ROW_TEXT_BYTES_MAX } from '../limits.js';

const NEWLINE = 0x0a;
/** What is kept of a line that is too long to be a row: not a whole JSON text, so that decoding reports it. */
const HEAD_BYTES = 64;

/**
 * Cuts text that comes in any pieces into pieces of whole rows. The last row may lack its newline. Holds one row at
 * the most, and while it is joined a second time; a line that is longer than any row is cut to its first bytes.
 */
export async function* rowPieces(text: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let held = 0;
  for await (const bytes of text) {
    const first = bytes.indexOf(NEWLINE) + 1;
    if (first === 0) {
      held += bytes.length;
      if (held <= ROW_TEXT_BYTES_MAX) parts.push(bytes);
      else parts = [headOf(parts)];
      continue;
    }
    parts.push(bytes.subarray(0, first));
    yield held > ROW_TEXT_BYTES_MAX ? Buffer.concat([headOf(parts), Buffer.of(NEWLINE)]) : joined(parts);
    const rows = bytes.lastIndexOf(NEWLINE) + 1;
    if (rows > first) yield bytes.subarray(first, rows);
    parts = rows < bytes.length ? [bytes.subarray(rows)] : [];
    held = bytes.length - rows;
  }
  if (held > 0) yield held > ROW_TEXT_BYTES_MAX ? headOf(parts) : joined(parts);
}

function headOf(parts: Buffer[]): Buffer {
  return Buffer.from(parts[0].subarray(0, HEAD_BYTES));
}

function joined(parts: Buffer[]): Buffer {
  return parts.length === 1 ? parts[0] : Buffer.concat(parts);
}
