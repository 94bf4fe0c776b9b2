/** What an operator may want to know. */
export type WalEvent =
  /** The end of the newest segment was no whole record: what a crash left of a write that nobody was told of. Cut off. */
  | { readonly type: 'torn-tail'; readonly path: string; readonly bytes: number }
  /** A file that is no segment of this log, one a second time, or (for `inspectWal`) one that cannot be read. It is left where it is. */
  | { readonly type: 'foreign-segment'; readonly path: string; readonly reason: string }
  /** A write or sync failed; its appends were refused, and nothing goes to this segment any more. */
  | { readonly type: 'segment-failed'; readonly path: string; readonly error: unknown };
