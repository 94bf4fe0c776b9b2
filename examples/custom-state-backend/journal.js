// @ts-check
import { open, readFile, rename, rm } from 'node:fs/promises';

/**
 * A file of lines, each a change: a JSON list of texts, which is there as a whole or not at all. What `append` has
 * resolved for is on the disk.
 */
export class Journal {
  /** @type {import('node:fs/promises').FileHandle} */
  #file;
  #size = 0;
  #isTorn = false;

  /** @param {import('node:fs/promises').FileHandle} file */
  constructor(file) {
    this.#file = file;
  }

  /**
   * The changes of a file, oldest first; none when it is not there. A last line without its end was never acknowledged.
   *
   * @param {string} path
   * @returns {Promise<string[][]>}
   */
  static async read(path) {
    const text = await readFile(path, 'utf8').catch((error) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  }

  /**
   * A file with just this change in the place of the one at `path`, which is there whole until the new one is.
   *
   * @param {string} path
   * @param {readonly string[]} records
   */
  static async create(path, records) {
    const file = await open(`${path}.new`, 'w', 0o600);
    const journal = new Journal(file);
    try {
      await journal.append(records);
      await rename(`${path}.new`, path);
    } catch (error) {
      await file.close();
      await rm(`${path}.new`, { force: true });
      throw error;
    }
    return journal;
  }

  /** @param {readonly string[]} records */
  async append(records) {
    if (this.#isTorn) await this.#mend();
    const line = Buffer.from(`${JSON.stringify(records)}\n`);
    this.#isTorn = true;
    await this.#file.write(line, 0, line.length, this.#size);
    await this.#file.datasync();
    this.#size += line.length;
    this.#isTorn = false;
  }

  async close() {
    await this.#file.close();
  }

  /** Part of a line may be there from a write that failed. */
  async #mend() {
    await this.#file.truncate(this.#size);
    this.#isTorn = false;
  }
}
