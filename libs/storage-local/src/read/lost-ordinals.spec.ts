import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { rowKey, DamagedJob, type Subject } from '../testing/damaged-job.js';

/** In the first varint of our subfield: the checksum of the field is wrong then, that of the rows is not. */
const IN_EXTRA_FIELD = 10 + 2 + 4 + 5;

describe('members of ours whose header alone is damaged', () => {
  let job: DamagedJob;
  let subject: Subject;
  beforeEach(async () => {
    job = await DamagedJob.ofOurs();
    [subject] = job.subjects;
  });
  afterEach(() => job.remove());

  async function readWith(damage: (members: Buffer[]) => void) {
    const members = subject.members.map(({ bytes }) => Buffer.from(bytes));
    damage(members);
    return job.withFile(subject, Buffer.concat(members), () => job.read('logs'));
  }
  const loseOrdinals = (member: Buffer) => void (member[IN_EXTRA_FIELD] ^= 0x01);

  it.each([0, 1, 2, 3, 4])('number %i: its rows get the ordinals that are free', async (at) => {
    const { rows, gaps } = await readWith((members) => loseOrdinals(members[at]));
    expect(rows.map(({ ordinal }) => ordinal)).toEqual(rows.map(({ sequence }) => sequence));
    expect(rows).toHaveLength(25);
    expect(gaps).toEqual([]);
  });

  it('several in a row, also when members are swapped', async () => {
    const { rows, gaps } = await readWith((members) => {
      [members[3], members[4]] = [members[4], members[3]];
      loseOrdinals(members[1]);
      loseOrdinals(members[2]);
    });
    expect(rows.map(({ ordinal }) => ordinal)).toEqual(rows.map(({ sequence }) => sequence));
    expect([rows.length, gaps]).toEqual([25, []]);
  });

  it.each([
    ['before', 1, 2],
    ['behind', 3, 2],
  ])(
    'with another lost %s it: all rows, in order, and a gap that says what is not certain',
    async (_, lost, at) => {
      const { rows, gaps } = await readWith((members) => {
        members[lost].fill(0xaa);
        loseOrdinals(members[at]);
      });
      expect(rows.map(({ ordinal }) => ordinal)).toEqual(rows.map(({ sequence }) => sequence));
      const found = new Set(rows.map(rowKey));
      expect(subject.members[at].rows.every((row) => found.has(row))).toBe(true);
      const missing = subject.members[lost].rows.length;
      expect(gaps.map(({ rows: count }) => count).sort()).toEqual([0n, BigInt(missing)]);
      expect(gaps.map(({ reason }) => reason).join()).toContain(
        `a header is damaged, the ordinals of ${subject.members[at].rows.length} rows are a guess`,
      );
    },
  );
});
