import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DamagedJob, type Subject } from '../testing/damaged-job.js';
import { checkDamaged, ordinalChecks } from '../testing/check-damage.js';

/** Minutes instead of seconds. */
const IS_LONG = process.env['JOBLET_DAMAGE'] === 'long';
const TIMEOUT_MS = IS_LONG ? 7_200_000 : 300_000;

describe.each([
  ['ours', () => DamagedJob.ofOurs()],
  ['Go', () => DamagedJob.ofGo()],
])('damaged files of %s', (_, open) => {
  let job: DamagedJob;
  beforeAll(async () => {
    job = await open();
  });
  afterAll(async () => {
    await job.remove();
    // A reading that always says that it guessed would pass every test above.
    expect(ordinalChecks.skipped * 20).toBeLessThanOrEqual(ordinalChecks.all);
  });

  async function eachSubject(check: (subject: Subject, whole: Buffer) => Promise<void>): Promise<void> {
    for (const subject of job.subjects) {
      await check(subject, Buffer.concat(subject.members.map(({ bytes }) => bytes)));
    }
  }

  /** Every byte of every file takes minutes: the long form of this test does it. */
  async function eachByte(damage: (whole: Buffer, at: number) => Buffer): Promise<void> {
    for (const [index, subject] of job.subjects.entries()) {
      const whole = Buffer.concat(subject.members.map(({ bytes }) => bytes));
      const ends = subject.members.map(
        (_, at) => Buffer.concat(subject.members.slice(0, at + 1).map(({ bytes }) => bytes)).length,
      );
      const step = IS_LONG || index === 0 ? 1 : 7;
      for (let at = 0; at < whole.length; at += step) {
        const bytes = damage(whole, at);
        const leavesTrace = at > 0 && !ends.includes(at);
        await checkDamaged(job, subject, { bytes, leavesTrace, isBrief: !IS_LONG && at % 41 !== 0 });
      }
    }
  }

  it('cut at every byte', () => eachByte((whole, at) => whole.subarray(0, at)), TIMEOUT_MS);

  it(
    'every byte changed',
    () =>
      eachByte((whole, at) => {
        const bytes = Buffer.from(whole);
        bytes[at] ^= 1 << (at % 8);
        return bytes;
      }),
    TIMEOUT_MS,
  );

  it(
    'members removed, doubled, swapped, replaced by one of another job, or followed by it',
    () =>
      eachSubject(async (subject) => {
        const { members, foreign } = subject;
        const all = members.map(({ bytes }) => bytes);
        const foreignRows = foreign.rows;
        const check = (bytes: readonly Buffer[]) =>
          checkDamaged(job, subject, { bytes: Buffer.concat(bytes), foreignRows });
        for (let at = 0; at < all.length; at++) {
          await check(spliced(all, at, 1));
          await check(spliced(all, at, 0, all[at]));
          await check([...all, all[at]]);
          await check(spliced(all, at, 1, foreign.bytes));
          await check(spliced(all, at, 0, foreign.bytes));
          for (let other = 0; other < at; other++) await check(swapped(all, at, other));
        }
        await check([...all].reverse());
        await check([...all, ...all]);
        await check([...all].reverse().concat(all));
      }),
    TIMEOUT_MS,
  );
  const garbage: [string, Buffer][] = [
    ['text', Buffer.from('once upon a time\n')],
    ['plain rows', Buffer.from('{"job_id":"job","stream":1,"timestamp":5,"sequence":9,"content":"aGk="}\n')],
    ['a few zeros', Buffer.alloc(7)],
    ['a page of zeros', Buffer.alloc(4_096)],
    ['0xff', Buffer.alloc(600, 0xff)],
    ['a magic number', Buffer.from([0x1f, 0x8b, 0x08])],
    ['a header', Buffer.from([0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0, 0xff])],
    ['a header with a field', Buffer.from([0x1f, 0x8b, 0x08, 4, 0, 0, 0, 0, 0, 0xff, 6, 0])],
    ['gzip of something else', gzipSync('no rows at all\n'.repeat(50))],
    ['gzip of other JSON', gzipSync('[1,2,3]\n')],
  ];
  it.each(garbage)(
    '%s before, between and behind members',
    (_, rubbish) =>
      eachSubject(async (subject) => {
        const all = subject.members.map(({ bytes }) => bytes);
        for (let at = 0; at <= all.length; at++) {
          const bytes = Buffer.concat(spliced(all, at, 0, rubbish));
          await checkDamaged(job, subject, { bytes, isBrief: at % 3 !== 0 });
        }
      }),
    TIMEOUT_MS,
  );

  it(
    'any part overwritten with zeros, ones, noise or another part',
    () =>
      eachSubject(async (subject, whole) => {
        const noise = gzipSync(whole);
        for (const size of [16, 64, 200]) {
          for (let at = 0; at + 10 < whole.length; at += IS_LONG ? 7 : 61) {
            const end = Math.min(whole.length, at + size);
            const fills = [Buffer.alloc(size), Buffer.alloc(size, 0xff), noise.subarray(10, 10 + size)];
            const from = (at * 7919) % whole.length;
            for (const fill of [...fills, whole.subarray(from, from + size)]) {
              const bytes = Buffer.from(whole);
              bytes.set(fill.subarray(0, end - at), at);
              await checkDamaged(job, subject, { bytes, isBrief: !IS_LONG && at % 4 !== 0 });
            }
          }
        }
      }),
    TIMEOUT_MS,
  );

  it(
    'one to three damages of any kind, each to another member',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.nat(2),
          fc.uniqueArray(fc.nat(4), { minLength: 1, maxLength: 3 }),
          fc.array(fc.tuple(fc.nat(6), fc.nat()), { minLength: 3, maxLength: 3 }),
          async (index, places, damages) => {
            const subject = job.subjects[index];
            const members: Buffer[] = subject.members.map(({ bytes }) => Buffer.from(bytes));
            places.forEach((place, which) => {
              const [damage, at] = damages[which];
              members[place] = damageMember(members[place], damage, at, subject);
            });
            await checkDamaged(job, subject, {
              bytes: Buffer.concat(members),
              foreignRows: subject.foreign.rows,
            });
          },
        ),
        { numRuns: IS_LONG ? 2_000 : 60 },
      );
    },
    TIMEOUT_MS,
  );
});

function spliced(all: readonly Buffer[], at: number, deleteCount: number, ...added: Buffer[]): Buffer[] {
  return [...all.slice(0, at), ...added, ...all.slice(at + deleteCount)];
}

function swapped(all: readonly Buffer[], a: number, b: number): Buffer[] {
  return all.map((bytes, at) => (at === a ? all[b] : at === b ? all[a] : bytes));
}

function damageMember(member: Buffer, damage: number, at: number, { foreign }: Subject): Buffer {
  const pos = at % member.length;
  const changed = Buffer.from(member);
  switch (damage) {
    case 0:
      return Buffer.alloc(0);
    case 1:
      return Buffer.concat([member, member]);
    case 2:
      return member.subarray(0, pos);
    case 3:
      changed[pos] ^= 1 << (at % 8);
      return changed;
    case 4:
      return changed.fill(0, pos);
    case 5:
      return Buffer.concat([Buffer.from('garbage'), member]);
    default:
      return foreign.bytes;
  }
}
