/** What happened to the index of a data file; rows are never concerned. */
export type IndexEvent =
  /** It is removed, and made again when the file is read. */
  | { readonly type: 'index-dropped'; readonly path: string; readonly reason: string }
  /** It could not be made, or not be removed; made when the file is read again, at the earliest after INDEX_RETRY_MS. */
  | { readonly type: 'index-failed'; readonly path: string; readonly reason: string }
  /** It was made again, or extended, in the background; `blocks`: how many were described. */
  | { readonly type: 'index-rebuilt'; readonly path: string; readonly blocks: number };
