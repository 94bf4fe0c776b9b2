import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectory } from '../disk/make-directory.js';
import { syncDirectory } from '../disk/sync-directory.js';
import { isMissing } from '../errors.js';
import { OWN_DIRECTORY } from '../format/file-names.js';
import { graveKey, type Area } from './job-table.js';
import type { AreaName } from './log-entry.js';

const TRASH = 'trash';

/** A folder of a job that the log says is deleted. */
export interface Deletion {
  readonly jobId: string;
  readonly name: AreaName;
  /** Of the log's record. */
  readonly record: bigint;
  /** Of the entry. */
  readonly position: bigint;
  /** What was there, for what is under way in it; absent at a start. */
  readonly area?: Area | undefined;
  /** Closes the files. */
  readonly close: () => Promise<void>;
}

interface Uncarried extends Deletion {
  carrying: Promise<void> | undefined;
}

/**
 * Carries out what the log says is deleted: a folder is first renamed into the trash of its own file system, then the names are
 * synced, then it is removed. Nothing of a later start of the job is written in its place before that.
 */
export class Deletions {
  private readonly areas: Readonly<Record<AreaName, string>>;
  private readonly uncarried = new Map<string, Uncarried[]>();
  private readonly onFailed: (doing: string, error: unknown) => void;
  private removing: Promise<void> = Promise.resolve();
  private renamed = 0;

  constructor(areas: Readonly<Record<AreaName, string>>, onFailed: (doing: string, error: unknown) => void) {
    this.areas = areas;
    this.onFailed = onFailed;
  }

  async open(): Promise<void> {
    for (const directory of Object.values(this.areas)) await makeDirectory(trashOf(directory));
    this.emptyTrash();
  }

  add(deletion: Deletion): void {
    const key = graveKey(deletion.name, deletion.jobId);
    this.uncarried.set(key, [...(this.uncarried.get(key) ?? []), { ...deletion, carrying: undefined }]);
  }

  isUncarried(name: AreaName, jobId: string): boolean {
    return this.uncarried.has(graveKey(name, jobId));
  }

  /** Of the oldest log record that is not carried out. */
  get oldestRecord(): bigint | undefined {
    let oldest: bigint | undefined;
    for (const { record } of this.all()) if (oldest === undefined || record < oldest) oldest = record;
    return oldest;
  }

  hasAt(position: bigint): boolean {
    return this.all().some((deletion) => deletion.position === position);
  }

  /** Positions of those that are left. */
  get positions(): ReadonlySet<bigint> {
    return new Set(this.all().map(({ position }) => position));
  }

  all(): Uncarried[] {
    return [...this.uncarried.values()].flat();
  }

  /** Rejects when it cannot be done now. */
  async carry(name: AreaName, jobId: string): Promise<void> {
    const key = graveKey(name, jobId);
    for (const deletion of this.uncarried.get(key) ?? []) {
      deletion.carrying ??= this.carryOne(deletion).finally(() => {
        deletion.carrying = undefined;
      });
      await deletion.carrying;
    }
  }

  /** Resolves when the trash is empty. */
  async idle(): Promise<void> {
    await this.removing;
  }

  private async carryOne(deletion: Uncarried): Promise<void> {
    const { jobId, name, area } = deletion;
    const directory = this.areas[name];
    await area?.busy?.catch(() => undefined);
    await deletion.close();
    const trash = trashOf(directory);
    try {
      await rename(join(directory, jobId), join(trash, `${process.pid}-${this.renamed++}`));
      await syncDirectory(trash);
      await syncDirectory(directory);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    const key = graveKey(name, jobId);
    const left = (this.uncarried.get(key) ?? []).filter((other) => other !== deletion);
    if (left.length > 0) this.uncarried.set(key, left);
    else this.uncarried.delete(key);
    this.emptyTrash();
  }

  private emptyTrash(): void {
    this.removing = this.removing.then(async () => {
      try {
        for (const directory of Object.values(this.areas)) {
          const trash = trashOf(directory);
          for (const name of await readdir(trash))
            await rm(join(trash, name), { recursive: true, force: true });
        }
      } catch (error) {
        this.onFailed('removing what was deleted', error);
      }
    });
  }
}

function trashOf(directory: string): string {
  return join(directory, OWN_DIRECTORY, TRASH);
}
