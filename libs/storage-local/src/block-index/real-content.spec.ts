import { createHash } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { crc32c } from '@joblet/wal';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { buildBlocks } from '../block/build-blocks.js';
import { openLogRowsModule } from '../block/wasm/log-rows-module.js';
import { filterFileOf, indexFileOf } from '../format/file-names.js';
import { logRows } from '../testing/block-rows.js';
import { TestFile, type TestRow } from '../testing/indexed-file.js';
import { tempDirectory } from '../testing/temp-store.js';
import { IndexFiles } from './index-files.js';
import { HEADER_BYTES, VERSION } from './index-layout.js';

const T0 = 1_763_600_000_000_000_000n;
const BLOCK_BYTES = 120_000;
const NAMES = ['apache-access', 'auth', 'kafka-broker', 'nginx-plus-json'];
/** What logs seldom have: more than a byte for a character, controls, what JSON escapes, no UTF-8 at all, next to nothing. */
const ODD = [
  ...[
    'päivä 日本語 😀 end',
    '"quoted" \\back\\ /slash/',
    '\t\b\f\r\u0001\u001f\u007f',
    'abcd',
    'abc',
    '',
    '<&>',
  ],
  ...['\u0000\u0000\u0000\u0000\u0000', 'aaaaaaaaaaaaaaaa', '\ufffd\u2028'],
].map((text) => Buffer.from(text));

describe('the filters of real logs', () => {
  let directory: string;
  let remove: () => Promise<void>;
  let file: TestFile;

  beforeAll(async () => {
    ({ path: directory, remove } = await tempDirectory());
    file = new TestFile(join(directory, 'stdout.log.gz'), 'j', 1);
    const lines = [...ODD, Buffer.of(0xff, 0xfe, 0, 1, 2, 0x80, 0xc3)];
    for (const name of NAMES) {
      const bytes = await readFile(new URL(`../../../../examples/data/${name}.log.gz`, import.meta.url));
      for (const line of gunzipSync(bytes).toString('latin1').slice(0, 400_000).split('\n')) {
        lines.push(Buffer.from(`${line}\n`, 'latin1'));
        if (lines.length % 97 === 0) lines.push(ODD[lines.length % ODD.length]);
      }
    }
    const indexes = new IndexFiles();
    let rows: TestRow[] = [];
    let size = 0;
    for (const [number, content] of lines.entries()) {
      rows.push({ timestamp: T0 + BigInt(number), content });
      size += content.length;
      if (size < BLOCK_BYTES && number < lines.length - 1) continue;
      await indexes.append(file, [await file.append(rows)]);
      rows = [];
      size = 0;
    }
  });
  afterAll(() => remove());

  it('never hide a slice of a row, of any length, from its beginning, its end or between', async () => {
    const place = fc.tuple(
      fc.nat(),
      fc.nat(),
      fc.integer({ min: 1, max: 40 }),
      fc.nat(),
      fc.constantFrom(0, 1, 2),
    );
    await file.reading(async (data) => {
      const index = await new IndexFiles().open(file, data);
      expect(index?.coveredBytes).toBe(file.size);
      await fc.assert(
        fc.asyncProperty(place, async ([block, row, length, start, where]) => {
          const inBlock = block % file.blocks.length;
          const rows = file.blocks[inBlock];
          const content = Buffer.from(rows[row % rows.length].content);
          const size = Math.min(length, content.length);
          const last = content.length - size;
          const at = where === 0 ? 0 : where === 1 ? last : start % (last + 1);
          const needle = content.subarray(at, at + size);
          const found = await index?.blocksWith([needle]);
          if (!found?.includes(inBlock)) throw new Error(`block ${inBlock} hides ${needle.toString('hex')}`);
        }),
        { numRuns: 3_000 },
      );
    });
  });

  it('are those of the plain code, whoever made them', () => {
    const content = ODD.concat(file.blocks[3].map(({ content: bytes }) => Buffer.from(bytes)));
    const rows = logRows(
      content.map((bytes, row) => ({
        jobId: 'j',
        stream: 1,
        timestamp: T0,
        sequence: BigInt(row),
        content: bytes,
      })),
    );
    const filters = [undefined, openLogRowsModule()].map((module) =>
      buildBlocks({ kind: 'logs', jobId: 'j', rows, content: 'text', level: 1 }, module).map(({ filter }) =>
        Buffer.from(filter).toString('hex'),
      ),
    );
    expect(filters[1]).toEqual(filters[0]);
  });

  // When this fails, what an index says or how has changed: raise VERSION, and then the numbers here.
  it('and all else that the index says, are as they were when the version got its number', async () => {
    const known = new TestFile(join(directory, 'known.log.gz'), 'j', 1);
    const indexes = new IndexFiles();
    for (let block = 0; block < 3; block++) {
      const rows = ODD.map((content, row) => ({ timestamp: T0 + BigInt(row * block), content }));
      await indexes.append(known, [await known.append(rows)]);
    }
    const filters = await readFile(filterFileOf(known.path));
    const entry = (await readFile(indexFileOf(known.path))).subarray(HEADER_BYTES);
    // Of the entry what does not depend on how well a version of zlib compresses: not the member's length and checksum.
    const size = entry.length / 3;
    for (let at = 0; at < entry.length; at += size)
      entry
        .fill(0, at, at + 8)
        .fill(0, at + 56, at + 64)
        .fill(0, at + size - 4, at + size);
    expect({ version: VERSION, filters: sha(filters), entries: sha(entry) }).toEqual(AS_IT_WAS);
  });

  it('are not believed when the index is of another version', async () => {
    const needle = Buffer.from(file.blocks[5][17].content.subarray(0, 12));
    const path = indexFileOf(file.path);
    const whole = await readFile(path);
    for (const version of [1, VERSION - 1, VERSION + 1, 0xffff]) {
      const other = Buffer.from(whole);
      other.writeUInt16LE(version, 8);
      other.writeUInt32LE(crc32c(other.subarray(0, HEADER_BYTES - 4)), HEADER_BYTES - 4);
      await writeFile(path, other);
      // As another hash would leave them: not one gram is there.
      await writeFile(filterFileOf(file.path), Buffer.alloc((await stat(filterFileOf(file.path))).size));
      const indexes = new IndexFiles();
      await file.reading((data) => indexes.open(file, data));
      await indexes.idle();
      const found = await file.reading(async (data) =>
        (await indexes.open(file, data))?.blocksWith([needle]),
      );
      expect(found).toContain(5);
      expect((await readFile(path)).equals(whole)).toBe(true);
    }
  });
});

const AS_IT_WAS = { version: 2, filters: '010a806fbff30e76', entries: 'fd7b76647ff89634' };

function sha(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}
