import { constants } from 'node:fs';
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { eachLimited } from '../disk/each-limited.js';
import { makeDirectory } from '../disk/make-directory.js';
import { syncDirectory } from '../disk/sync-directory.js';
import { errorCode } from '../errors.js';
import { DIRECTORY_MODE, FILE_MODE, isPlainFile } from '../format/file-names.js';
import { COPY_BYTES, DATA_FILES_OPEN_MAX, FILES_SYNCED_AT_ONCE } from '../limits.js';
import type { DataFile, FileFacts } from './job-table.js';
import { writeAll } from './write-all.js';

const { O_CREAT, O_NONBLOCK, O_RDONLY, O_RDWR } = constants;

const NEWLINE = Buffer.from('\n');

/** A file is not as long as what counts, or is gone: somebody else has changed it. */
export class FileChangedError extends Error {}

export interface OwnedFile {
  readonly jobId: string;
  readonly path: string;
  readonly file: DataFile;
}

interface OpenFile extends OwnedFile {
  readonly handle: FileHandle;
  /** Whether its name is not durable yet. */
  isNew: boolean;
  isDirty: boolean;
  users: number;
}

/**
 * The open data files, a bounded number. Bytes are always written at the length that counts: what a failed write left behind is cut off
 * first. Dirty files stay open until they are synced, since only who had it open is told of a failed write-back.
 *
 * After a failed sync nobody knows which pages are on the disk, and the kernel calls them clean: asking again proves nothing.
 * So everything behind the last good sync counts as lost: `onSyncFailed` brings those rows back from the log, which is not trimmed
 * before a good sync, and the file is made anew from the part that was synced before anything is appended to it.
 */
export class DataFiles {
  private readonly open = new Map<string, OpenFile>();
  private opening = 0;
  private readonly toReplace = new Set<DataFile>();
  private readonly onSyncFailed: (file: OwnedFile, error: unknown) => void;
  syncs = 0;

  constructor(onSyncFailed: (file: OwnedFile, error: unknown) => void) {
    this.onSyncFailed = onSyncFailed;
  }

  get size(): number {
    return this.open.size;
  }

  /** Writes the members behind what counts, in a line of their own; resolves to how long the file is then. The caller counts them. */
  async append(owned: OwnedFile, members: readonly Uint8Array[]): Promise<number> {
    const { file } = owned;
    const length = lengthOf(file);
    const opened = await this.use(owned);
    try {
      file.hasRest = true;
      const isCutLine = isPlainFile(owned.path) && !(await endsLine(opened.handle, length));
      const written = await writeAll(opened.handle, isCutLine ? [NEWLINE, ...members] : members, length);
      opened.isDirty = true;
      return length + written;
    } finally {
      opened.users--;
    }
  }

  /** Makes what is counted now durable; a file that fails is told to `onSyncFailed`. False when one failed. */
  async syncAll(): Promise<boolean> {
    let isGood = true;
    const dirty = [...this.open.values()].filter(needsSync);
    const parents = new Map<string, OpenFile[]>();
    const syncedTo = new Map<OpenFile, FileFacts>();
    await eachLimited(dirty, FILES_SYNCED_AT_ONCE, async (opened) => {
      const facts = await this.syncOne(opened);
      if (facts === 'failed') return void (isGood = false);
      if (facts) syncedTo.set(opened, facts);
      const parent = dirname(dirname(opened.path));
      if (opened.isNew) parents.set(parent, [...(parents.get(parent) ?? []), opened]);
    });
    for (const [parent, files] of parents) {
      try {
        await syncDirectory(parent);
        for (const file of files) file.isNew = false;
      } catch (error) {
        isGood = false;
        for (const file of files) {
          syncedTo.delete(file);
          this.fail(file, error);
        }
      }
    }
    for (const [{ file }, facts] of syncedTo) file.synced = facts;
    return isGood;
  }

  /** Makes what counts of the file durable, cuts off what does not, and closes it. Rejects when it cannot. */
  async settle(owned: OwnedFile): Promise<void> {
    const { path, file } = owned;
    const opened = await this.use(owned);
    try {
      const facts = await this.syncOne(opened);
      if (facts !== file.counted) throw new Error(`${path} cannot be synced`);
      if (opened.isNew) await syncDirectory(dirname(dirname(path)));
      file.synced = facts;
      file.hasRest = false;
    } finally {
      opened.users--;
    }
    await this.forget([path]);
  }

  /** Closes the files of a job (of this area) without syncing them. */
  async forget(paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      const opened = this.open.get(path);
      this.open.delete(path);
      if (opened) {
        this.toReplace.delete(opened.file);
        await opened.handle.close().catch(() => undefined);
      }
    }
  }

  async close(): Promise<void> {
    await this.forget([...this.open.keys()]);
  }

  private async use(owned: OwnedFile): Promise<OpenFile> {
    const { path, file } = owned;
    let opened = this.open.get(path);
    if (opened && opened.file === file) {
      opened.users++;
      // The most recently used is the last.
      this.open.delete(path);
      this.open.set(path, opened);
    } else {
      if (this.toReplace.has(file)) {
        if (file.counted !== file.synced)
          throw new Error(`${path}: rows that a failed sync lost are not back yet`);
        await this.replace(owned);
      }
      opened = await this.openFile(owned);
    }
    try {
      const stats = await opened.handle.stat();
      const length = lengthOf(file);
      if (stats.nlink === 0 || stats.size < length) {
        const found = stats.nlink === 0 ? 'it is gone' : `found ${stats.size} bytes`;
        throw new FileChangedError(`${path}: ${found}, expected ${length}`);
      }
      if (stats.size > length) await opened.handle.truncate(length);
      return opened;
    } catch (error) {
      opened.users--;
      if (error instanceof FileChangedError) await this.forget([path]);
      throw error;
    }
  }

  private async openFile(owned: OwnedFile): Promise<OpenFile> {
    await this.makeRoom();
    try {
      return await this.openNow(owned);
    } finally {
      this.opening--;
    }
  }

  private async openNow(owned: OwnedFile): Promise<OpenFile> {
    const { path } = owned;
    const isNew = lengthOf(owned.file) === 0;
    if (isNew) await makeJobDirectory(dirname(path));
    // A FIFO in the file's place would hold the thread until somebody reads it.
    const handle = await open(path, O_RDWR | O_CREAT | O_NONBLOCK, FILE_MODE);
    try {
      if (!(await handle.stat()).isFile()) throw new Error(`${path} is no file; move it away`);
    } catch (error) {
      await handle.close();
      throw error;
    }
    const opened = { ...owned, handle, isNew, isDirty: false, users: 1 };
    this.open.set(path, opened);
    return opened;
  }

  /** Closes the files that were not used for longest, synced; the one to be opened counts from here on. */
  private async makeRoom(): Promise<void> {
    while (this.open.size + this.opening >= DATA_FILES_OPEN_MAX) {
      const idle = [...this.open.values()].find(({ users }) => users === 0);
      if (!idle) break;
      idle.users++;
      if (needsSync(idle)) {
        const facts = await this.syncOne(idle);
        try {
          if (facts && facts !== 'failed') {
            if (idle.isNew) await syncDirectory(dirname(dirname(idle.path)));
            idle.file.synced = facts;
          }
        } catch (error) {
          this.fail(idle, error);
        }
      }
      if (this.open.get(idle.path) === idle) await this.forget([idle.path]);
    }
    // At once: others make room at the same time.
    this.opening++;
  }

  /** Resolves to what is durable then, but for the name of the job's folder; undefined when nobody knows what is counted. */
  private async syncOne(opened: OpenFile): Promise<FileFacts | 'failed' | undefined> {
    const facts = opened.file.counted;
    opened.isDirty = false;
    try {
      await opened.handle.datasync();
      this.syncs++;
      if (opened.isNew) await syncDirectory(dirname(opened.path));
      return facts;
    } catch (error) {
      // Of a job that was deleted meanwhile, nothing is to be saved.
      if (this.open.get(opened.path) !== opened) return facts;
      this.fail(opened, error);
      return 'failed';
    }
  }

  private fail(opened: OpenFile, error: unknown): void {
    if (this.open.get(opened.path) !== opened) return;
    this.toReplace.add(opened.file);
    this.open.delete(opened.path);
    void opened.handle.close().catch(() => undefined);
    this.onSyncFailed(opened, error);
  }

  /** A new file with what was synced takes the place of one whose sync failed. */
  private async replace({ path, file }: OwnedFile): Promise<void> {
    const length = file.synced?.length ?? 0;
    const temporary = join(dirname(path), `.${basename(path)}.new`);
    if (length === 0) await rm(path, { force: true });
    else {
      await copyStart(path, temporary, length);
      await rename(temporary, path);
      await syncDirectory(dirname(path));
    }
    this.toReplace.delete(file);
  }
}

/** What somebody else has written may lack the newline of its last line. */
async function endsLine(handle: FileHandle, length: number): Promise<boolean> {
  if (length === 0) return true;
  const last = Buffer.alloc(1);
  await handle.read(last, 0, 1, length - 1);
  return last.equals(NEWLINE);
}

/** What was written may be counted only after a sync that had it already. */
function needsSync({ isDirty, file: { counted, synced } }: OpenFile): boolean {
  return isDirty || counted !== synced;
}

function lengthOf({ counted, fileName }: DataFile): number {
  if (!counted) throw new Error(`BUG: nobody has looked at ${fileName} yet`);
  return counted.length;
}

async function copyStart(from: string, to: string, length: number): Promise<void> {
  await rm(to, { force: true });
  const source = await open(from, O_RDONLY | O_NONBLOCK);
  try {
    const target = await open(to, 'wx', FILE_MODE);
    try {
      const buffer = Buffer.allocUnsafe(COPY_BYTES);
      for (let at = 0; at < length;) {
        const { bytesRead } = await source.read(buffer, 0, Math.min(buffer.length, length - at), at);
        if (bytesRead === 0) throw new FileChangedError(`${from}: found ${at} bytes, expected ${length}`);
        await writeAll(target, [buffer.subarray(0, bytesRead)], at);
        at += bytesRead;
      }
      await target.datasync();
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

/** The directory above is there, and synced for many jobs at once, unless somebody has removed it. */
async function makeJobDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: DIRECTORY_MODE });
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') await makeDirectory(path);
    else if (code !== 'EEXIST') throw error;
  }
}
