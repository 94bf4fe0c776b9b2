import { expect, it } from '@jest/globals';
import type { Database } from './database.js';
import { READS_AT_ONCE } from './limits.js';
import { RowReader } from './row-reader.js';

/** A database that answers when it is told to: has each uuid but `none`. */
function slowDatabase() {
  const asked: { uuids: string[]; answer: (failure?: Error) => void }[] = [];
  const run: Pick<Database, 'run'>['run'] = ({ values = [] }) =>
    new Promise((resolve, reject) => {
      const [uuids] = values as [string[]];
      const rows = uuids.filter((uuid) => uuid !== 'none').map((uuid) => ({ uuid }));
      const answer = (failure?: Error): void =>
        failure ? reject(failure) : resolve({ rows: rows as never[], count: rows.length, isRepeated: false });
      asked.push({ uuids, answer });
    });
  return { database: { run } as Database, asked };
}

it('reads at once what is asked for first, and what comes meanwhile in one statement', async () => {
  const { database, asked } = slowDatabase();
  const reader = new RowReader(database);
  const first = Array.from({ length: READS_AT_ONCE }, (_, index) => reader.read(`first-${index}`));
  const later = ['a', 'none', 'b', 'a'].map((uuid) => reader.read(uuid));
  expect(asked.map(({ uuids }) => uuids)).toEqual(first.map((_, index) => [`first-${index}`]));
  asked[0].answer();
  expect(await first[0]).toMatchObject({ uuid: 'first-0' });
  await Promise.resolve();
  expect(asked.at(-1)?.uuids).toEqual(['a', 'none', 'b', 'a']);
  asked.at(-1)?.answer();
  expect(await Promise.all(later)).toEqual([{ uuid: 'a' }, undefined, { uuid: 'b' }, { uuid: 'a' }]);
});

it('rejects all that asked when the statement fails, and goes on', async () => {
  const { database, asked } = slowDatabase();
  const reader = new RowReader(database);
  const reads = Array.from({ length: READS_AT_ONCE + 1 }, (_, index) => reader.read(`job-${index}`));
  for (let index = 0; index < READS_AT_ONCE; index++) asked[index].answer(new Error('gone'));
  const settled = await Promise.allSettled(reads.slice(0, -1));
  expect(settled.map(({ status }) => status)).toEqual(Array(READS_AT_ONCE).fill('rejected'));
  asked.at(-1)?.answer();
  expect(await reads.at(-1)).toEqual({ uuid: `job-${READS_AT_ONCE}` });
});
