import type { BlockRequest, BuiltBlock } from './block-builder.js';
import type { PackedRows } from './packed-rows.js';

/** What a pool sends to its workers, several at a time. */
export interface BuildMessage extends Omit<BlockRequest, 'rows'> {
  readonly rows: PackedRows;
}

/** What a worker answers to each, in the order of what it was sent; with the memory of the rows, to be used again. */
export type BuildAnswer = { readonly spare: ArrayBuffer } & (
  { readonly blocks: readonly BuiltBlock[] } | { readonly error: string }
);
