import type { BlockSummary } from '../block-index/block-summary.js';
import type { BlockRows } from './block-rows.js';

export interface BlockRequest {
  readonly kind: 'logs' | 'metrics';
  readonly jobId: string;
  readonly rows: BlockRows;
  readonly content: 'text' | 'base64';
  /** zlib's, 1 to 9; 'plain': no compression, the rows have their ordinals in their lines. */
  readonly level: number | 'plain';
}

/** One gzip member, or the lines of a plain block, for the end of one file of the job, and what the index will say of it. */
export interface BuiltBlock {
  /** 1 stdout, 2 stderr, 0 metrics: which file it is for. */
  readonly stream: number;
  readonly member: Uint8Array;
  /** Bytes of the rows as text. */
  readonly textBytes: number;
  readonly summary: BlockSummary;
  /** The substring filter as it is stored; empty for metrics and for blocks without content. */
  readonly filter: Uint8Array;
}

/** Makes members of rows, off the main thread where it can. Requests of one job are answered in their order. */
export interface BlockBuilder {
  /**
   * The members of each stream, in order; several of one stream when the rows are more than a member may hold. Rejects when
   * a row cannot be encoded, which is a bug: rows are checked at the border.
   */
  build(request: BlockRequest): Promise<readonly BuiltBlock[]>;
  close(): Promise<void>;
}
