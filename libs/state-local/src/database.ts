import { ClassicLevel } from 'classic-level';
import { StateStoreError } from '@joblet/state-store';
import { readBatchNumbers, slotOf } from './batch-numbers.js';
import { damaged, storeError } from './errors.js';
import { checkFolder, makeFolder } from './folder.js';
import { batches, FORMAT, FORMAT_KEY } from './keys.js';
import { BLOCK_CACHE_BYTES, WRITE_BUFFER_BYTES } from './limits.js';
import type { KeyChanges } from './record-entries.js';
import { scan } from './scan.js';

export type Level = ClassicLevel<string, string>;

/** To be opened at once: it opens itself otherwise. */
export function newLevel(directory: string): Level {
  return new ClassicLevel(directory, { writeBufferSize: WRITE_BUFFER_BYTES, cacheSize: BLOCK_CACHE_BYTES });
}

/**
 * LevelDB, opened again after a write that failed: what it writes behind a torn record of its log is lost when it opens
 * the next time.
 */
export class Database {
  readonly directory: string;
  private readonly level: Level;
  private lastBatch = 0;
  private readonly reads = new Set<Promise<unknown>>();
  /** It has to be opened again before it is used. */
  private isBroken = false;
  private reopening: Promise<void> | undefined;

  private constructor(level: Level) {
    this.directory = level.location;
    this.level = level;
  }

  /** UNAVAILABLE when somebody else has it open; INTERNAL when it is damaged. */
  static async open(directory: string): Promise<Database> {
    try {
      await makeFolder(directory);
      await checkFolder(directory);
      const database = new Database(newLevel(directory));
      await database.openLevel();
      return database;
    } catch (error) {
      throw storeError(error, `LevelDB in ${directory} cannot be opened`);
    }
  }

  /** What is read through one snapshot hangs together. */
  async read<T>(look: (level: Level) => Promise<T>): Promise<T> {
    while (this.isBroken) await this.reopen();
    const read = look(this.level);
    this.reads.add(read);
    try {
      return await this.failing('cannot be read', () => read);
    } finally {
      this.reads.delete(read);
    }
  }

  /**
   * All of the changes or none, on the disk when it resolves. One at a time. UNAVAILABLE: they may be there all the same.
   */
  async write(fill: (changes: KeyChanges) => void): Promise<void> {
    while (this.isBroken) await this.reopen();
    const number = this.lastBatch + 1;
    try {
      await this.failing('cannot be written', async () => {
        const batch = this.level.batch();
        try {
          fill(batch);
          batch.put(slotOf(number), String(number));
        } catch (error) {
          await batch.close();
          throw error;
        }
        await batch.write({ sync: true });
      });
    } catch (error) {
      this.isBroken = true;
      throw error;
    }
    this.lastBatch = number;
  }

  /** When no read and no write is under way. */
  async close(): Promise<void> {
    await this.failing('cannot be closed', () => this.level.close());
  }

  /** One for all that wait for it; what comes after a vain one tries again. */
  private reopen(): Promise<void> {
    this.reopening ??= this.failing('cannot be opened again after a failed write', async () => {
      await Promise.allSettled(this.reads);
      await this.level.close();
      await this.openLevel();
      this.isBroken = false;
    }).finally(() => (this.reopening = undefined));
    return this.reopening;
  }

  private async openLevel(): Promise<void> {
    await this.level.open();
    try {
      await this.checkContent();
    } catch (error) {
      await this.level.close();
      throw error;
    }
  }

  private async checkContent(): Promise<void> {
    const format = await this.level.get(FORMAT_KEY);
    if (format === undefined) await this.markAsNew();
    else if (format !== FORMAT) {
      throw new StateStoreError(
        'INVALID_ARGUMENT',
        `LevelDB in ${this.directory} has format ${JSON.stringify(format.slice(0, 64))} of job states; expected ${FORMAT}`,
      );
    }
    const { last, missing } = readBatchNumbers(await scan(this.level, batches));
    if (missing.length > 0) {
      const numbers =
        missing.length === 1 ? `${missing[0]}` : `${missing[0]} to ${missing[missing.length - 1]}`;
      throw damaged(
        `LevelDB in ${this.directory} has lost ${missing.length} of its batches of changes (${numbers} of ${last}) from its log`,
      );
    }
    this.lastBatch = last;
  }

  private async markAsNew(): Promise<void> {
    const [key] = await this.level.keys({ limit: 1 }).all();
    if (key !== undefined) {
      throw new StateStoreError(
        'INVALID_ARGUMENT',
        `LevelDB in ${this.directory} has other data than job states, or a repair of it was broken off`,
      );
    }
    await this.level.put(FORMAT_KEY, FORMAT, { sync: true });
  }

  private async failing<T>(what: string, action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      throw storeError(error, `LevelDB in ${this.directory} ${what}`);
    }
  }
}
