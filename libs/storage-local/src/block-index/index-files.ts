import { stat } from 'node:fs/promises';
import type { FileCalls } from '../disk/file-calls.js';
import { inlineCalls } from '../disk/inline-calls.js';
import { filterFileOf, isPlainFile } from '../format/file-names.js';
import { INDEX_EXTEND_BYTES_MAX, INDEX_MEMORY_BYTES, INDEX_RETRY_MS, ENTRIES_COMPARED } from '../limits.js';
import { FileSnapshot } from '../read/file-snapshot.js';
import type { BlockIndex, IndexedFile } from './block-index.js';
import { describeBlocks } from './describe-blocks.js';
import { matchesMember, type DataBytes } from './describe-member.js';
import type { EntryTable } from './entry-table.js';
import { IndexCache, type CachedIndex } from './index-cache.js';
import type { IndexEvent } from './index-event.js';
import type { IndexedBlock } from './index-layout.js';
import { IndexStore } from './index-store.js';
import { undefinedIfMissing } from './missing-file.js';
import { PathLocks } from './path-locks.js';
import { matchesPlainBlock } from './plain-blocks.js';
import { RebuildQueue } from './rebuild-queue.js';
import { TableIndex } from './table-index.js';
import { isSameVersion } from './whole-blocks.js';

export interface IndexFilesOptions {
  /** For indexes and filters in memory. Default: INDEX_MEMORY_BYTES. */
  readonly memoryBytes?: number;
  readonly onEvent?: (event: IndexEvent) => void;
  /** What writes the files. Default: the calling thread. */
  readonly calls?: FileCalls;
  /** Milliseconds, for tests. */
  readonly now?: () => number;
}

/** Work on the data of a file, which is for nothing when the file is replaced meanwhile. */
interface Work {
  readonly path: string;
  stale: boolean;
}

/**
 * The indexes beside the data files of one store. An index is derived and never synced: it is believed as far as its checksums are
 * right and the data agrees, extended where it ends, and made again when it is missing, stale, foreign or damaged. Whoever
 * replaces, cuts or removes a data file says so afterwards, by `drop` or `rename`. Holds no file open between calls.
 */
export class IndexFiles {
  private readonly store: IndexStore;
  private readonly cache: IndexCache;
  private readonly locks = new PathLocks();
  private readonly rebuilds: RebuildQueue;
  private readonly works = new Set<Work>();
  /** When a file may be tried again that could not be indexed. */
  private readonly retryAt = new Map<string, number>();
  private readonly onEvent: (event: IndexEvent) => void;
  private readonly now: () => number;

  constructor({
    memoryBytes = INDEX_MEMORY_BYTES,
    onEvent,
    calls = inlineCalls(),
    now = Date.now,
  }: IndexFilesOptions = {}) {
    this.store = new IndexStore(calls);
    this.cache = new IndexCache(memoryBytes);
    this.onEvent = onEvent ?? (() => undefined);
    this.now = now;
    this.rebuilds = new RebuildQueue(async (file, size) => {
      const blocks = await this.extend(file, size);
      if (blocks > 0) this.onEvent({ type: 'index-rebuilt', path: file.path, blocks });
    });
  }

  /**
   * Adds blocks that were appended to the data file, one behind the other. Those that do not begin where the index ends are left
   * out: the next `open` catches up. Never rejects; the index of a file that cannot be written is dropped.
   */
  async append(file: IndexedFile, blocks: readonly IndexedBlock[]): Promise<void> {
    if (blocks.length === 0) return;
    await this.locks.run(file.path, () => this.appendLocked(file, blocks));
  }

  /**
   * The index of exactly the first `data.size` bytes of the file; undefined when there is none, for example because it is being
   * made, or because not all members are this store's, whole, and in order. Rejects only when `data` cannot be read.
   */
  async open(file: IndexedFile, data: DataBytes): Promise<BlockIndex | undefined> {
    const found = await this.believed(file, data);
    const end = found?.coveredBytes ?? 0;
    if (end === data.size) return found;
    if ((this.retryAt.get(file.path) ?? 0) > this.now()) return undefined;
    if (data.size - end > INDEX_EXTEND_BYTES_MAX) {
      this.rebuilds.add(file, data.size);
      return undefined;
    }
    await this.extend(file, data.size);
    const extended = await this.believed(file, data);
    return extended?.coveredBytes === data.size ? extended : undefined;
  }

  /** Forgets the index of a file that was changed otherwise than by appending, or removed. Never rejects. */
  async drop(path: string): Promise<void> {
    this.invalidate(path);
    await this.locks.run(path, () => this.remove(path));
  }

  /** The data file `from` now is `to`: its index goes with it. Never rejects. */
  async rename(from: string, to: string): Promise<void> {
    this.invalidate(from);
    this.invalidate(to);
    await this.locks.run(from, () =>
      this.locks.run(to, async () => {
        this.cache.delete(from);
        this.cache.delete(to);
        try {
          await this.store.rename(from, to);
        } catch (error) {
          await this.removeBecause(to, reasonOf(error));
          await this.remove(from);
        }
      }),
    );
  }

  /** Waits until nothing is indexed in the background. */
  async idle(): Promise<void> {
    await this.rebuilds.idle();
  }

  /** Stops what is made in the background, which goes on when the file is read again. */
  async close(): Promise<void> {
    this.rebuilds.close();
    for (const work of this.works) work.stale = true;
    await this.rebuilds.idle();
    await this.locks.idle();
  }

  private async appendLocked(file: IndexedFile, blocks: readonly IndexedBlock[]): Promise<void> {
    try {
      const added = await this.store.append(file, blocks);
      const cached = this.cache.get(file.path);
      if (!added || !cached) return;
      if (cached.table.end === blocks[0].offset) {
        cached.table.push(added);
        this.cache.grown(cached);
      } else this.cache.delete(file.path);
    } catch (error) {
      await this.removeBecause(file.path, reasonOf(error));
    }
  }

  /** What of the index lies within the data and agrees with it. */
  private async believed(file: IndexedFile, data: DataBytes): Promise<TableIndex | undefined> {
    const cached = await this.locks.run(file.path, () => this.load(file));
    const length = cached?.table.countWithin(data.size) ?? 0;
    if (!cached || length === 0) return undefined;
    const { agreed } = cached;
    const { version } = data;
    if (!agreed || length > agreed.length || !isSameVersion(agreed.version, version)) {
      if (!(await agrees(file, cached.table, length, data))) return undefined;
      if (version) cached.agreed = { version, length };
    }
    return new TableIndex(cached, length);
  }

  private async load(file: IndexedFile): Promise<CachedIndex | undefined> {
    const cached = this.cache.get(file.path);
    if (cached?.file.jobId === file.jobId && cached.file.stream === file.stream) return cached;
    try {
      const table = await this.store.load(file);
      return (
        table &&
        this.cache.add(file, table, filterFileOf(file.path), (reason) => {
          void this.locks.run(file.path, () => this.removeBecause(file.path, reason));
        })
      );
    } catch (error) {
      this.onEvent({ type: 'index-failed', path: file.path, reason: reasonOf(error) });
      return undefined;
    }
  }

  /**
   * Makes the index reach to `size`, or as far as it can, and resolves to the blocks that were described. The data is what now has
   * the path: a reader's may be older. Never rejects.
   */
  private async extend(file: IndexedFile, size: number): Promise<number> {
    const work: Work = { path: file.path, stale: false };
    this.works.add(work);
    let data: FileSnapshot | string | undefined;
    let added = 0;
    try {
      const stats = await stat(file.path).catch(undefinedIfMissing);
      if (!stats || stats.size < size) return 0;
      data = FileSnapshot.openSync(file.path, size);
      if (!(data instanceof FileSnapshot)) return 0;
      const known = await this.believed(file, data);
      if (!known) await this.removeStale(file);
      let end = known?.coveredBytes ?? 0;
      const lastOrdinal = known?.lastOrdinal(known.length - 1) ?? -1n;
      for await (const blocks of describeBlocks(file, data, { start: end, lastOrdinal })) {
        const last = blocks[blocks.length - 1];
        end = last.offset + last.length;
        const isAdded = await this.locks.run(file.path, async () => {
          if (work.stale) return false;
          await this.appendLocked(file, blocks);
          return this.store.endOf(file.path) === end;
        });
        if (!isAdded) break;
        added += blocks.length;
      }
      if (end !== size) this.retryLater(file.path);
    } catch (error) {
      this.retryLater(file.path);
      this.onEvent({ type: 'index-failed', path: file.path, reason: reasonOf(error) });
    } finally {
      this.works.delete(work);
      if (data instanceof FileSnapshot) await data.close();
    }
    return added;
  }

  /** An index that the data does not agree with. */
  private async removeStale(file: IndexedFile): Promise<void> {
    await this.locks.run(file.path, async () => {
      if (await this.load(file)) await this.removeBecause(file.path, 'it is not of the data that is there');
    });
  }

  private retryLater(path: string): void {
    const now = this.now();
    for (const [other, at] of this.retryAt) if (at <= now) this.retryAt.delete(other);
    this.retryAt.set(path, now + INDEX_RETRY_MS);
  }

  private invalidate(path: string): void {
    this.retryAt.delete(path);
    this.rebuilds.delete(path);
    for (const work of this.works) if (work.path === path) work.stale = true;
  }

  private async removeBecause(path: string, reason: string): Promise<void> {
    this.onEvent({ type: 'index-dropped', path, reason });
    await this.remove(path);
  }

  private async remove(path: string): Promise<void> {
    this.cache.delete(path);
    try {
      await this.store.remove(path);
    } catch (error) {
      // What is left is checked against the data before it is believed.
      this.onEvent({ type: 'index-failed', path, reason: reasonOf(error) });
    }
  }
}

/** Whether some of the first `length` entries, among them the first and the last, say what the members say. */
async function agrees(
  { path }: IndexedFile,
  table: EntryTable,
  length: number,
  data: DataBytes,
): Promise<boolean> {
  const matches = isPlainFile(path) ? matchesPlainBlock : matchesMember;
  const compared = Math.min(length, ENTRIES_COMPARED);
  let before = -1;
  for (let i = 1; i <= compared; i++) {
    const block = compared === 1 ? length - 1 : Math.round(((i - 1) * (length - 1)) / (compared - 1));
    if (block === before) continue;
    before = block;
    if (!(await matches(table.entry(block), data))) return false;
  }
  return true;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
