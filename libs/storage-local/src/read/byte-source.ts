import type { ByteRange } from './member.js';

/** Tells whether a file is as it was: all is the same; or only appended to: it is the same file, and larger. */
export interface FileVersion {
  readonly file: string;
  readonly size: number;
  readonly changed: string;
}

/** Bytes that do not change as long as the source is open. */
export interface ByteSource {
  /** Of the file that they are in, or will be. */
  readonly path: string;
  readonly size: number;
  /** Of a file. */
  readonly version?: FileVersion | undefined;
  /** Fills all of `target` with the bytes from `offset` on; the caller has made sure that they are there. */
  fill(target: Buffer, offset: number): Promise<void>;
  /** For a person: which bytes of which file. */
  place(range: ByteRange): string;
  close(): Promise<void>;
}

export function placeIn(path: string, { start, end }: ByteRange): string {
  return `${path}, bytes ${start} to ${end}`;
}
