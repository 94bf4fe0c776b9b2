import type { LogRow } from './log-batch.js';

/** Which log rows a query wants. A row matches only if its content has each of the literals somewhere. */
export interface RowFilter {
  /** What it throws ends the read and reaches the reader. */
  matches(row: LogRow): boolean;
  /** What a store may prune by: a block in which one of these is nowhere need not be read. May be empty. */
  readonly literals: readonly Uint8Array[];
}

/** Rows whose content has the UTF-8 bytes of `text` somewhere, case-sensitive. */
export function substringFilter(text: string): RowFilter {
  const needle = Buffer.from(text, 'utf8');
  return {
    literals: [needle],
    matches: ({ content }) =>
      Buffer.from(content.buffer, content.byteOffset, content.byteLength).includes(needle),
  };
}
