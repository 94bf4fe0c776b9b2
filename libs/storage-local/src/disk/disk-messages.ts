import type { AppendedFile, FileAppend, FileWrite } from './file-calls.js';

/** What is asked of the disk thread. */
export type DiskCall =
  | { readonly kind: 'append'; readonly append: FileAppend }
  | { readonly kind: 'write'; readonly writes: readonly FileWrite[] }
  | { readonly kind: 'sync-folder'; readonly path: string };

/** What became of a call; `appended` of an append. */
export type DiskAnswer = { readonly appended: AppendedFile | undefined } | { readonly failure: FileFailure };

/** An error without what does not go from one thread to another. */
export interface FileFailure {
  readonly message: string;
  readonly isChanged: boolean;
  /** Of the system. */
  readonly code: string | undefined;
  readonly path: string | undefined;
}
