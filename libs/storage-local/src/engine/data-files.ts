import { closeSync, constants } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { eachLimited } from '../disk/each-limited.js';
import { FileChangedError, type AppendedFile, type FileAppend, type FileCalls } from '../disk/file-calls.js';
import { makeDirectory } from '../disk/make-directory.js';
import { isMissing } from '../errors.js';
import { FILE_MODE, isPlainFile } from '../format/file-names.js';
import { COPY_BYTES, DATA_FILES_OPEN_MAX, FILES_CLOSED_AT_ONCE, FILES_SYNCED_AT_ONCE } from '../limits.js';
import type { DataFile, FileFacts } from './job-table.js';
import { writeAll } from './write-all.js';

const { O_NONBLOCK, O_RDONLY } = constants;

export interface OwnedFile {
  readonly jobId: string;
  readonly path: string;
  readonly file: DataFile;
}

interface OpenFile extends OwnedFile {
  readonly fd: number;
  /** Whether its name is not durable yet. */
  isNew: boolean;
  isDirty: boolean;
  users: number;
  /** Whether the last of its users closes it. */
  isForgotten: boolean;
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
  private closing: Promise<boolean> | undefined;
  private readonly toReplace = new Set<DataFile>();
  private readonly calls: FileCalls;
  private readonly onSyncFailed: (file: OwnedFile, error: unknown) => void;
  private hasTime = (): boolean => true;
  syncs = 0;

  constructor(calls: FileCalls, onSyncFailed: (file: OwnedFile, error: unknown) => void) {
    this.calls = calls;
    this.onSyncFailed = onSyncFailed;
  }

  get size(): number {
    return this.open.size;
  }

  /** Writes the members behind what counts, in a line of their own; resolves to how long the file is then. The caller counts them. */
  async append(owned: OwnedFile, members: readonly Uint8Array[]): Promise<number> {
    owned.file.hasRest = true;
    const { opened, length } = await this.use(owned, members);
    opened.isDirty = true;
    this.release(opened);
    return length;
  }

  /** From here on files are synced only while there is time: before a store is closed, what the log has as well need not be durable twice. */
  hurry(hasTime: () => boolean): void {
    this.hasTime = hasTime;
  }

  /** Makes what is counted now durable; a file that fails is told to `onSyncFailed`. False when one failed, or time was over. */
  async syncAll(): Promise<boolean> {
    return this.syncFiles([...this.open.values()].filter(needsSync));
  }

  /** Makes what counts of the file durable, cuts off what does not, and closes it. Rejects when it cannot. */
  async settle(owned: OwnedFile): Promise<void> {
    const { path, file } = owned;
    const { opened } = await this.use(owned, []);
    try {
      const facts = await this.syncOne(opened);
      if (facts !== file.counted) throw new Error(`${path} cannot be synced`);
      if (opened.isNew) await this.calls.syncFolder(dirname(dirname(path)));
      file.synced = facts;
      file.hasRest = false;
    } finally {
      this.release(opened);
    }
    this.forget([path]);
  }

  /** Closes the files of a job (of this area) without syncing them. */
  forget(paths: readonly string[]): void {
    for (const path of paths) {
      const opened = this.open.get(path);
      if (!opened) continue;
      this.toReplace.delete(opened.file);
      this.forgetOne(opened);
    }
  }

  close(): void {
    this.forget([...this.open.keys()]);
  }

  /** Opens the file, cuts off what does not count, and writes behind it; the caller releases it. `length`: of all then. */
  private async use(
    owned: OwnedFile,
    parts: readonly Uint8Array[],
  ): Promise<{ readonly opened: OpenFile; readonly length: number }> {
    const { path, file } = owned;
    const length = lengthOf(file);
    const known = await this.openOf(owned);
    try {
      const appended = await this.appendParts({
        ...{ path, fd: known?.fd, length, parts },
        hasLines: isPlainFile(path),
      });
      const opened = known ?? this.opened(owned, appended.fd, length === 0);
      return { opened, length: appended.length };
    } catch (error) {
      if (error instanceof FileChangedError) this.forget([path]);
      if (known) this.release(known);
      throw error;
    } finally {
      if (!known) this.opening--;
    }
  }

  /** The open file, used from here on; undefined when it has to be opened, for which there is room then. */
  private async openOf(owned: OwnedFile): Promise<OpenFile | undefined> {
    const { path, file } = owned;
    const opened = this.open.get(path);
    if (opened?.file === file) {
      opened.users++;
      // The most recently used is the last.
      this.open.delete(path);
      this.open.set(path, opened);
      return opened;
    }
    this.forget([path]);
    if (this.toReplace.has(file)) {
      if (file.counted !== file.synced)
        throw new Error(`${path}: rows that a failed sync lost are not back yet`);
      await this.replace(owned);
    }
    await this.makeRoom();
    return undefined;
  }

  private async appendParts(append: FileAppend): Promise<AppendedFile> {
    try {
      return await this.calls.append(append);
    } catch (error) {
      if (!isMissing(error) || append.length > 0) throw error;
      // Somebody has removed the folder above the job's, which is there, and synced, for all jobs otherwise.
      await makeDirectory(dirname(append.path));
      return this.calls.append(append);
    }
  }

  private opened(owned: OwnedFile, fd: number, isNew: boolean): OpenFile {
    const opened = { ...owned, fd, isNew, isDirty: false, users: 1, isForgotten: false };
    this.open.set(owned.path, opened);
    return opened;
  }

  private release(opened: OpenFile): void {
    opened.users--;
    if (opened.users === 0 && opened.isForgotten) closeSync(opened.fd);
  }

  /** It is closed once nobody uses it. */
  private forgetOne(opened: OpenFile): void {
    this.open.delete(opened.path);
    opened.users++;
    opened.isForgotten = true;
    this.release(opened);
  }

  /** So that one can be opened, which counts from here on. */
  private async makeRoom(): Promise<void> {
    while (this.open.size + this.opening >= DATA_FILES_OPEN_MAX) {
      this.closing ??= this.closeIdle().finally(() => (this.closing = undefined));
      if (!(await this.closing)) break;
    }
    // At once: others make room at the same time.
    this.opening++;
  }

  /** Closes, synced, files that were not used for longest: together, since the names of all are synced once. False: there are none, or no time. */
  private async closeIdle(): Promise<boolean> {
    const idle = [...this.open.values()].filter(({ users }) => users === 0).slice(0, FILES_CLOSED_AT_ONCE);
    for (const opened of idle) opened.users++;
    await this.syncFiles(idle.filter(needsSync));
    for (const opened of idle) {
      // One that somebody has written to meanwhile stays: who closes it has to sync that.
      const isUnused = opened.users === 1 && !opened.isDirty;
      if (isUnused && this.open.get(opened.path) === opened) this.forget([opened.path]);
      this.release(opened);
    }
    return idle.length > 0 && this.hasTime();
  }

  /** As `syncAll`, with their names. */
  private async syncFiles(dirty: readonly OpenFile[]): Promise<boolean> {
    let isGood = true;
    const parents = new Map<string, OpenFile[]>();
    const syncedTo = new Map<OpenFile, FileFacts>();
    await eachLimited(dirty, FILES_SYNCED_AT_ONCE, async (opened) => {
      // It was synced before it was closed; what came since then is in another open file.
      if (opened.isForgotten) return;
      if (!this.hasTime()) return void (isGood = false);
      const facts = await this.syncOne(opened);
      if (facts === 'failed') return void (isGood = false);
      if (facts) syncedTo.set(opened, facts);
      if (!opened.isNew) return;
      const parent = dirname(dirname(opened.path));
      const files = parents.get(parent);
      if (files) files.push(opened);
      else parents.set(parent, [opened]);
    });
    for (const [parent, files] of parents) {
      try {
        await this.calls.syncFolder(parent);
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

  /** Resolves to what is durable then, but for the name of the job's folder; undefined when nobody knows what is counted. */
  private async syncOne(opened: OpenFile): Promise<FileFacts | 'failed' | undefined> {
    const facts = opened.file.counted;
    opened.isDirty = false;
    opened.users++;
    try {
      await this.calls.syncData(opened.fd);
      this.syncs++;
      if (opened.isNew) await this.calls.syncFolder(dirname(opened.path));
      return facts;
    } catch (error) {
      // Of a job that was deleted meanwhile, nothing is to be saved.
      if (this.open.get(opened.path) !== opened) return facts;
      this.fail(opened, error);
      return 'failed';
    } finally {
      this.release(opened);
    }
  }

  private fail(opened: OpenFile, error: unknown): void {
    if (this.open.get(opened.path) !== opened) return;
    this.toReplace.add(opened.file);
    this.forgetOne(opened);
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
      await this.calls.syncFolder(dirname(path));
    }
    this.toReplace.delete(file);
  }
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
