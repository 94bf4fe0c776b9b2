import type { ConformanceCase, Theme } from './case.js';
import { readLogs } from './read.js';
import { line, writeLogs } from './rows.js';
import { sameLogs } from './same-rows.js';
import { SeededRandom } from './seeded-random.js';

const MIB = 1 << 20;

const sizes: ConformanceCase = {
  name: 'rows of 2 MiB, binary and text, among small ones',
  async run(subject) {
    const random = new SeededRandom(2);
    const text = 'äöü 0123456789 "quoted"\n'.repeat((2 * MIB) / 24);
    const written = [
      line('before'),
      line(random.bytes(2 * MIB)),
      line(text, { stream: 2 }),
      line('between'),
      line(new Uint8Array(2 * MIB)),
      line(random.bytes(2 * MIB + 1), { stream: 2 }),
      line('behind'),
    ];
    await writeLogs(subject.store, written);
    await subject.check(async (store) => {
      sameLogs(await readLogs(store), written);
      sameLogs(await readLogs(store, { offset: 3, limit: 2 }), written.slice(3, 5), 3n);
    });
  },
};

const powersOfTwo: ConformanceCase = {
  name: 'rows of a length next to each power of two up to 1 MiB',
  async run(subject) {
    const random = new SeededRandom(3);
    const written = Array.from({ length: 21 }, (_, power) =>
      [-1, 0, 1].map((more) => line(random.bytes(2 ** power + more))),
    ).flat();
    for (const row of written) await writeLogs(subject.store, [row]);
    await subject.check(async (store) => sameLogs(await readLogs(store), written));
  },
};

const largest: ConformanceCase = {
  name: 'a row of 64 MiB',
  async run(subject) {
    const written = [
      line('before'),
      line(new SeededRandom(1).bytes(64 * MIB)),
      line('behind', { stream: 2 }),
    ];
    await writeLogs(subject.store, written);
    await subject.check(async (store) => sameLogs(await readLogs(store), written));
  },
};

/** The write channel takes rows of up to 128 MiB: no store may refuse one, whatever its medium does with them. */
export const largeRows: Theme = { name: 'large rows', cases: [sizes, powersOfTwo, largest] };
