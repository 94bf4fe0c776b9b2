import { open, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { FILE_MODE, INTENT_FILE } from '../format/file-names.js';
import type { JobFile } from '../format/layout.js';
import { INTENT_BLOCK_BYTES } from '../limits.js';
import { syncDirectory } from '../disk/sync-directory.js';

/** What is under way: an append is undone after a crash, a delete is carried through. */
export type Intent =
  | { readonly kind: 'append'; readonly files: readonly FileBefore[] }
  | { readonly kind: 'delete'; readonly jobId: string };

/** A file and its length before the append; 0 when it was not there. */
export interface FileBefore extends JobFile {
  readonly length: number;
}

/**
 * One file that says what is about to change, durable before the first byte of it: a line with the CRC-32 of a JSON
 * document and the document. Blank: nothing is under way. An intent that was not written whole is none: what it announces
 * has not begun. Overwritten in place: announcing needs no space once the first block is there.
 */
export class IntentFile {
  private readonly handle: FileHandle;

  private constructor(handle: FileHandle) {
    this.handle = handle;
  }

  static async open(baseDirectory: string): Promise<IntentFile> {
    const path = join(baseDirectory, INTENT_FILE);
    // Made when missing, and never cut: what it says may have to be undone.
    await (await open(path, 'a', FILE_MODE)).close();
    const intents = new IntentFile(await open(path, 'r+'));
    if ((await intents.handle.stat()).size === 0) await intents.end();
    await syncDirectory(dirname(path));
    return intents;
  }

  async read(): Promise<Intent | undefined> {
    const { size } = await this.handle.stat();
    const bytes = Buffer.alloc(size);
    await this.handle.read(bytes, 0, size, 0);
    const [line] = bytes.toString('utf8').split('\n', 1);
    const json = line.slice(9);
    return json !== '' && line.slice(0, 8) === checksum(json) ? (JSON.parse(json) as Intent) : undefined;
  }

  async begin(intent: Intent): Promise<void> {
    const json = JSON.stringify(intent);
    await this.overwrite(`${checksum(json)} ${json}\n`);
  }

  async end(): Promise<void> {
    await this.overwrite('\n');
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  private async overwrite(line: string): Promise<void> {
    const length = Buffer.byteLength(line);
    const bytes = Buffer.alloc(Math.ceil(length / INTENT_BLOCK_BYTES) * INTENT_BLOCK_BYTES, ' ');
    bytes.write(line);
    for (let written = 0; written < bytes.length;) {
      written += (await this.handle.write(bytes, written, bytes.length - written, written)).bytesWritten;
    }
    await this.handle.datasync();
  }
}

function checksum(json: string): string {
  return crc32(json).toString(16).padStart(8, '0');
}
