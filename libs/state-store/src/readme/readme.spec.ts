import { readFile } from 'node:fs/promises';
import { expect, it, jest } from '@jest/globals';
import * as limits from '../limits.js';
import { createMemoryStore } from '../memory.js';

const here = new URL('.', import.meta.url);
const readme = await readFile(new URL('../../README.md', here), 'utf8');

/** The same code has the same text here: imports by the names that users know, whatever the line breaks. */
function comparable(code: string): string {
  return code
    .replaceAll("'../index.js'", "'@joblet/state-store'")
    .replace(/'\.\.\/(memory|conformance)\.js'/g, "'@joblet/state-store/$1'")
    .replace(/\s+/g, '')
    .replace(/,(?=[)}\]])/g, '');
}

it('the listings are the files that the tests run', async () => {
  const listings = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => comparable(code));
  const files = ['usage.fixture.ts', 'write-a-store.spec.ts'].map((name) =>
    readFile(new URL(name, here), 'utf8'),
  );
  expect(listings).toEqual((await Promise.all(files)).map(comparable));
});

it('the usage example prints what the README says', async () => {
  const written: string[] = [];
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    written.push(Buffer.from(chunk).toString());
    return true;
  });
  try {
    await import('./usage.fixture.js');
  } finally {
    write.mockRestore();
  }
  const [, printed] = /```text\n(.*?)```/s.exec(readme) ?? [];
  expect(written.join('')).toBe(printed);
});

it('the tables have each capability and each limit', () => {
  const rows = new Set([...readme.matchAll(/^\| `(\w+)` /gm)].map(([, name]) => name));
  const names = [...Object.keys(createMemoryStore().supports), ...Object.keys(limits)];
  expect(names.filter((name) => !rows.has(name))).toEqual([]);
});
