// @ts-check
import { StorageError } from '@joblet/storage';
import { ClassicLevel } from 'classic-level';

/** @typedef {{ warn(fields: object, message: string): void }} Logger what is used here of pino's */
/** @typedef {Awaited<ReturnType<typeof openDatabase>>} Database */

/**
 * LevelDB, with changes that are made one by one, each at once and durably or not at all.
 *
 * @param {string} path
 * @param {Logger} logger
 */
export async function openDatabase(path, logger) {
  /** @type {ClassicLevel<Buffer, Buffer>} */
  const level = new ClassicLevel(path, { keyEncoding: 'buffer', valueEncoding: 'buffer' });
  await level.open().catch((error) => {
    throw storageError(error, `LevelDB cannot be opened in ${path}`);
  });

  /** Settles when the changes that were asked for so far are made, or have failed. */
  let changes = Promise.resolve();
  /** @type {Promise<void> | undefined} */
  let closing;
  /** The keys of a change that failed. @type {Buffer[] | undefined} */
  let doubtful;

  /**
   * Makes a change when those that were asked for before are made. `fill` adds to the batch and gives the keys that it
   * puts; it sees the database as the changes before have left it.
   *
   * @param {(batch: ReturnType<typeof level.batch>) => Promise<Buffer[]>} fill
   */
  async function change(fill) {
    if (closing) throw StorageError.closed();
    const made = changes.then(() => make(fill));
    changes = made.catch(() => undefined);
    return made;
  }

  /** @param {Parameters<typeof change>[0]} fill */
  async function make(fill) {
    try {
      if (doubtful) await mend(doubtful);
      const batch = level.batch();
      const keys = await fill(batch).catch(async (error) => {
        await batch.close();
        throw error;
      });
      doubtful = keys;
      // All of the batch or nothing; with `sync` this resolves when it is on the disk.
      await batch.write({ sync: true });
      doubtful = undefined;
    } catch (error) {
      throw storageError(error, `LevelDB cannot write in ${path}`);
    }
  }

  /**
   * A change that failed may have left a part of it in LevelDB's log, and what is written behind that part is lost; or
   * all of it, though its caller was told that nothing is stored. Opening LevelDB again begins a new log.
   *
   * @param {Buffer[]} keys
   */
  async function mend(keys) {
    await level.close();
    await level.open();
    await level.batch(
      keys.map((key) => ({ type: 'del', key })),
      { sync: true },
    );
    doubtful = undefined;
    logger.warn({ path }, 'LevelDB was opened again after a write that had failed');
  }

  /**
   * What a read rejects with that LevelDB broke off.
   *
   * @param {unknown} error
   */
  function readError(error) {
    return closing ? StorageError.closed() : storageError(error, `LevelDB cannot read in ${path}`);
  }

  return {
    level,
    change,
    readError,
    snapshot() {
      try {
        if (!closing) return level.snapshot();
      } catch (error) {
        throw readError(error);
      }
      throw StorageError.closed();
    },
    /** Waits for the changes, not for the readers. */
    close: () => (closing ??= changes.then(() => level.close())),
  };
}

/**
 * The code of a StorageError tells persist and its clients whether it helps to try again.
 *
 * @param {unknown} error
 * @param {string} what
 */
function storageError(error, what) {
  if (error instanceof StorageError) return error;
  if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('LEVEL_'))) {
    return new StorageError('INTERNAL', `${what}: ${String(error)}`, { cause: error });
  }
  const { message } = error.cause instanceof Error ? error.cause : error;
  const full = /no space left|quota exceeded/i.test(message);
  return new StorageError(full ? 'NO_SPACE' : 'UNAVAILABLE', `${what}: ${message}`, { cause: error });
}
