import { open, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FILE_MODE, INTENT_FILE } from './file-names.js';
import type { JobFile } from './layout.js';
import { syncDirectory } from './sync-directory.js';

/** What is under way: an append is undone after a crash, a delete is carried through. */
export type Intent =
  | { readonly kind: 'append'; readonly files: readonly FileBefore[] }
  | { readonly kind: 'delete'; readonly jobId: string };

/** A file and its length before the append; 0 when it was not there. */
export interface FileBefore extends JobFile {
  readonly length: number;
}

/**
 * One file that says what is about to change, durable before the first byte of it. Empty: nothing is under way. An
 * intent that was not written whole is none: what it announces has not begun.
 */
export class IntentFile {
  private readonly handle: FileHandle;

  private constructor(handle: FileHandle) {
    this.handle = handle;
  }

  static async open(baseDirectory: string): Promise<IntentFile> {
    const path = join(baseDirectory, INTENT_FILE);
    const handle = await open(path, 'a+', FILE_MODE);
    await syncDirectory(dirname(path));
    return new IntentFile(handle);
  }

  async read(): Promise<Intent | undefined> {
    const { size } = await this.handle.stat();
    const bytes = Buffer.alloc(size);
    await this.handle.read(bytes, 0, size, 0);
    try {
      return JSON.parse(bytes.toString('utf8')) as Intent;
    } catch {
      return undefined;
    }
  }

  async begin(intent: Intent): Promise<void> {
    await this.handle.truncate(0);
    await this.handle.appendFile(JSON.stringify(intent));
    await this.handle.datasync();
  }

  async end(): Promise<void> {
    await this.handle.truncate(0);
    await this.handle.datasync();
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}
