/** What a reader must know of the writer. */
export interface Visibility {
  /** Bytes of the file that may be seen; undefined: all. */
  visibleLength(path: string): number | undefined;
  /** Whether the job's directories may be there only because of a write that has not ended. */
  isBeingWritten(jobId: string): boolean;
  /** Whether the job is gone, although some of its files may still be there. */
  isBeingDeleted(jobId: string): boolean;
}
