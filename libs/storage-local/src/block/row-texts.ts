import type { DescribedBlock } from '../block-index/describe-block.js';

/** The rows of one job as JSON Lines, on their way into members. */
export interface RowTexts {
  /** For each row, the file it is for: 1 stdout, 2 stderr, 0 metrics. */
  readonly streams: Uint8Array;
  /** Bytes of each row's text. */
  readonly lengths: Uint32Array;
  /** The text of rows that follow each other in one file, and what the index says of them. The text holds until the next call. */
  member(picked: Uint32Array): RowMember;
}

export interface RowMember extends DescribedBlock {
  readonly text: Uint8Array;
}
