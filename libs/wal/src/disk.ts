/** What the log needs of a file system; tests put one there that loses power. */
export interface Disk {
  /** Names in the directory. */
  list(directory: string): Promise<readonly string[]>;
  /** Makes it, and the folders above it that are missing, durably. */
  makeDirectory(directory: string): Promise<void>;
  /** Makes a new file; rejects when there is one. */
  create(path: string): Promise<DiskFile>;
  /** Opens a file that is there. */
  open(path: string): Promise<DiskFile>;
  remove(path: string): Promise<void>;
  /** In the same directory; the new name is not taken. */
  rename(from: string, to: string): Promise<void>;
  /** Makes the names in the directory durable. */
  syncDirectory(directory: string): Promise<void>;
}

export interface DiskFile {
  size(): Promise<number>;
  /** Writes the buffers one behind the other; resolves to the number of bytes that were, at least 1. */
  write(buffers: readonly Uint8Array[], position: number): Promise<number>;
  /** Resolves to the number of bytes read, fewer than asked for at the end of the file only. */
  read(into: Uint8Array, position: number): Promise<number>;
  truncate(size: number): Promise<void>;
  /** Makes content and size durable. */
  sync(): Promise<void>;
  close(): Promise<void>;
}
