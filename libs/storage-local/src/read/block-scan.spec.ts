import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { readFile, writeFile } from 'node:fs/promises';
import { selectLogs, substringFilter, type LogQuery, type NewLogRow } from '@joblet/storage';
import fc from 'fast-check';
import { answer, describeQuery, ViewedJob, type Piece } from '../testing/viewed-job.js';
import { tempDirectory } from '../testing/temp-store.js';
import type { BlockIndex } from '../block-index/block-index.js';
import type { BlockIndexes } from './block-plan.js';
import { Reader } from './reader.js';

const JOB = 'job';
const WORDS = ['needle', 'a "quoted" word', 'back\\slash', 'päivä', '\u0001', 'needle needle'];

const content = fc.oneof(
  fc.constantFrom(...WORDS).map(Buffer.from),
  fc
    .tuple(fc.string({ maxLength: 8 }), fc.constantFrom(...WORDS))
    .map((parts) => Buffer.from(parts.join(''))),
  fc.uint8Array({ maxLength: 12 }),
);
const row: fc.Arbitrary<NewLogRow> = fc.record({
  jobId: fc.constant(JOB),
  stream: fc.constantFrom(1, 1, 1, 2, 2, 0, 7),
  timestamp: fc.oneof(fc.bigInt({ min: 0n, max: 60n }), fc.constant(1_763_600_000_000_000_000n)),
  sequence: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  content,
});
const rows = fc.array(row, { maxLength: 9 });

/** Files, in their order, then what is pending. */
const pieces: fc.Arbitrary<Piece[]> = fc
  .tuple(fc.array(fc.tuple(rows, fc.boolean()), { maxLength: 6 }), fc.array(rows, { maxLength: 3 }))
  .map(([sealed, pending]) => {
    let file = 0;
    return [
      ...sealed.map(([ofMember, isRotated]) => ({ rows: ofMember, file: isRotated ? ++file : file })),
      ...pending.map((ofPart) => ({ rows: ofPart })),
    ];
  });

const conditions = fc.record(
  {
    jobId: fc.constant(JOB),
    startTime: fc.bigInt({ min: 0n, max: 30n }),
    endTime: fc.bigInt({ min: 30n, max: 60n }),
    afterOrdinal: fc.bigInt({ min: 0n, max: 70n }),
    stream: fc.constantFrom(0, 1, 2),
    filter: fc.constantFrom('needle', 'quoted" w', 'e', 'päi', '\\', '').map(substringFilter),
  },
  { requiredKeys: ['jobId'] },
);
const counts = fc.oneof(
  fc.record({ limit: fc.nat(40), offset: fc.nat(40) }, { requiredKeys: [] }),
  fc.record({ tail: fc.nat(40) }),
);
const query = fc
  .tuple(conditions, fc.boolean(), counts)
  .map(([where, isPlain, count]): LogQuery => ({ ...(isPlain ? { jobId: JOB } : where), ...count }));

describe('reading by blocks', () => {
  let directory: string;
  let remove: () => Promise<void>;
  let made = 0;
  const next = () => join(directory, String(made++));

  beforeAll(async () => ({ path: directory, remove } = await tempDirectory()));
  afterAll(() => remove());

  it('gives what all rows, looked at one by one, give; and so does reading member by member', async () => {
    await fc.assert(
      fc.asyncProperty(pieces, fc.array(query, { minLength: 1, maxLength: 6 }), async (parts, queries) => {
        const job = await ViewedJob.make(next(), JOB, parts);
        for (const asked of queries) {
          const expected = await answer(selectLogs(asked, () => [job.batch]));
          const byBlocks = await answer(new Reader(job, never).readLogs(asked, {}));
          const byMembers = await answer(new Reader(job, never, NO_BLOCKS).readLogs(asked, {}));
          expect([describeQuery(asked), ...byBlocks]).toEqual([describeQuery(asked), ...expected]);
          expect([describeQuery(asked), ...byMembers]).toEqual([describeQuery(asked), ...expected]);
        }
        expect(job.released).toBe(job.views);
      }),
      { numRuns: 60 },
    );
  });

  it('tells of rows before the first one, and goes over to reading member by member at damage', async () => {
    await fc.assert(
      fc.asyncProperty(
        pieces,
        fc.constantFrom(0n, 5n),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        query.filter(({ offset, tail, filter }) => !offset && !tail && !filter),
        async (parts, firstOrdinal, at, change, asked) => {
          const job = await ViewedJob.make(next(), JOB, parts, firstOrdinal);
          const index = at % Math.max(1, job.files.length);
          if (job.files.length > 0 && change % 4 > 0) {
            const bytes = await readFile(job.files[index].path);
            bytes[(at >> 4) % bytes.length] ^= change;
            await writeFile(job.files[index].path, bytes);
          }
          const byBlocks = await answer(new Reader(job, never).readLogs(asked, {}));
          const byMembers = await answer(new Reader(job, never, NO_BLOCKS).readLogs(asked, {}));
          expect([describeQuery(asked), ...byBlocks]).toEqual([describeQuery(asked), ...byMembers]);
        },
      ),
      { numRuns: 150 },
    );
  });
});

/** Indexes without a block: everything is read member by member. */
const NO_BLOCKS: BlockIndexes = {
  open: (_, { size }) => Promise.resolve({ coveredBytes: size, length: 0 } as BlockIndex),
};

function never(): void {
  throw new Error('no row names another job');
}
