import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { READ_FILES_HELD_MAX, READ_FILES_REOPENED_MAX } from '../limits.js';
import { tempDirectory } from '../testing/temp-store.js';
import { openBytesSync } from './viewed-bytes.js';

it('reads as many files at the same time as anybody likes, with few of them open', async () => {
  const { path, remove } = await tempDirectory();
  const file = join(path, 'file');
  await writeFile(file, 'content');
  const openNow = () => readdirSync('/proc/self/fd').length;
  const before = process.platform === 'linux' ? openNow() : 0;
  const read = async (): Promise<string> => {
    const source = openBytesSync(file, undefined, true);
    if (typeof source !== 'object') throw new Error(`${file} is ${String(source)}`);
    const target = Buffer.alloc(4);
    await source.fill(target, 3);
    if (process.platform === 'linux') {
      expect(openNow() - before).toBeLessThanOrEqual(READ_FILES_HELD_MAX + READ_FILES_REOPENED_MAX + 1);
    }
    await source.close();
    return target.toString();
  };
  for (let round = 0; round < 2; round++) {
    expect(new Set(await Promise.all(Array.from({ length: 300 }, read)))).toEqual(new Set(['tent']));
  }
  if (process.platform === 'linux') expect(openNow()).toBeLessThanOrEqual(before + 1);
  await remove();
});
