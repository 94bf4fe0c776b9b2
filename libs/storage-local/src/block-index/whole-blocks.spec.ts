import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { FileSnapshot } from '../read/file-snapshot.js';
import { TestFile } from '../testing/indexed-file.js';
import { tempDirectory } from '../testing/temp-store.js';
import { IndexFiles } from './index-files.js';

const T0 = 1_763_600_000_000_000_000n;

describe('blocks that were looked at', () => {
  let remove: () => Promise<void>;
  let file: TestFile;
  let indexes: IndexFiles;

  beforeEach(async () => {
    const directory = await tempDirectory();
    ({ remove } = directory);
    file = new TestFile(join(directory.path, 'stdout.log.gz'), 'j', 1);
    indexes = new IndexFiles();
    for (let block = 0; block < 6; block++) await append(`block number ${block}`);
  });
  afterEach(() => remove());

  const append = async (text: string) =>
    indexes.append(file, [await file.append([{ timestamp: T0, content: Buffer.from(text.repeat(20)) }])]);
  /** Whether the first so many are whole, and which blocks were read for it. */
  const looked = (count: number) =>
    file.reading(async (data) => {
      const index = await indexes.open(file, data);
      if (!index) return undefined;
      const read: number[] = [];
      const counted = {
        size: data.size,
        version: data.version,
        read: (offset: number, length: number) => {
          read.push(file.indexed.findIndex((block) => block.offset === offset));
          return data.read(offset, length);
        },
      };
      return { isWhole: await index.areWhole(count, counted, () => undefined), read };
    });
  async function flip(at: number): Promise<void> {
    const handle = await open(file.path, 'r+');
    const bytes = Buffer.alloc(1);
    await handle.read(bytes, 0, 1, at);
    bytes[0] ^= 1;
    await handle.write(bytes, 0, 1, at);
    await handle.close();
  }

  it('are read once, also when the file grows; again when it was changed', async () => {
    expect(await looked(3)).toEqual({ isWhole: true, read: [0, 1, 2] });
    expect(await looked(2)).toEqual({ isWhole: true, read: [] });
    expect(await looked(3)).toEqual({ isWhole: true, read: [] });
    await append('one more');
    expect(await looked(5)).toEqual({ isWhole: true, read: [3, 4] });
    await flip(file.indexed[2].offset + file.indexed[2].length - 25);
    expect(await looked(2)).toEqual({ isWhole: true, read: [0, 1] });
    expect(await looked(5)).toEqual({ isWhole: false, read: [2] });
    expect(await looked(7)).toEqual({ isWhole: false, read: [2] });
  });

  it('are not what the index says any more when a header was changed', async () => {
    const whole = await readFile(file.path);
    expect(await looked(0)).toEqual({ isWhole: true, read: [] });
    await flip(20);
    expect(await looked(0)).toBeUndefined();
    await writeFile(file.path, whole);
    await indexes.drop(file.path);
    expect(await looked(1)).toEqual({ isWhole: true, read: [0] });
  });

  it('are looked at each time when nothing tells whether the data is the same', async () => {
    await file.reading(async (data: FileSnapshot) => {
      const index = await indexes.open(file, data);
      let reads = 0;
      const unknown = {
        size: data.size,
        read: (offset: number, length: number) => {
          reads++;
          return data.read(offset, length);
        },
      };
      expect(await index?.areWhole(2, unknown, () => undefined)).toBe(true);
      expect(await index?.areWhole(2, unknown, () => undefined)).toBe(true);
      expect(reads).toBe(4);
    });
  });
});
