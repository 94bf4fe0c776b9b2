import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { FileSnapshot } from './file-snapshot.js';
import { encodeMember } from '../format/gzip-member.js';
import { openLocalStore, type LocalStore } from '../index.js';
import { ItemReader } from './item-reader.js';
import { LANES_MAX, PROBLEMS_HELD_MAX, STEPS_AT_ONCE } from '../limits.js';
import { planSources } from './source-plan.js';
import { collect, tempDirectory } from '../testing/temp-store.js';
import { checkpointOf, type Checkpoint } from './turns.js';

const MEMBERS = 20_000;
/** In the first varint of our subfield. */
const IN_EXTRA_FIELD = 10 + 2 + 4 + 5;
const TIMEOUT_MS = 240_000;

describe('files of many members', () => {
  let directory: string;
  let remove: () => Promise<void>;
  let store: LocalStore;
  let path: string;
  let ours: Buffer[];
  let go: Buffer[];

  beforeAll(async () => {
    ours = [];
    for (let at = 0; at < MEMBERS; at++) ours.push(await ourMember(at, at));
    go = Array.from({ length: MEMBERS }, (_, at) => gzipSync(row(at), { level: 1 }));
  }, TIMEOUT_MS);
  beforeEach(async () => {
    ({ path: directory, remove } = await tempDirectory());
    store = await openLocalStore({ baseDirectory: directory });
    await mkdir(join(directory, 'logs/job'));
    path = join(directory, 'logs/job/stdout.log.gz');
  });
  afterEach(async () => {
    await store.close();
    await remove();
  });

  /** What a read costs: no more than a few times the file, and no more sources than lanes. */
  async function readCheaply(members: readonly Buffer[]) {
    const bytes = Buffer.concat(members);
    await writeFile(path, bytes);
    const file = FileSnapshot.openSync(path, undefined);
    if (!(file instanceof FileSnapshot)) throw new Error(`no file: ${path}`);
    let steps = 0;
    const checkpoint = checkpointOf(() => void steps++);
    const options = { wants: () => true, wholeTextBytesMax: 2 ** 20, checkpoint };
    const { sources } = await planSources([{ file, stream: 1 }], options);
    expect(steps).toBeGreaterThanOrEqual(members.length);
    expect(sources.length).toBeLessThanOrEqual(LANES_MAX + 1);
    for (const source of sources) {
      const reader = new ItemReader(file, source.items, options);
      while (await reader.next());
    }
    await file.close();
    expect(file.bytesLoaded).toBeLessThan(6 * bytes.length);
    expect(steps).toBeLessThan(10 * members.length);
    const turns = countTurns();
    const found = await collect(store.readLogs({ jobId: 'job' }));
    expect(turns()).toBeGreaterThan(members.length / STEPS_AT_ONCE);
    return found;
  }

  it(
    'of the Go service: all rows',
    async () => {
      const { rows, gaps } = await readCheaply(go);
      expect([rows.length, gaps]).toEqual([MEMBERS, []]);
    },
    TIMEOUT_MS,
  );

  it(
    'of ours and of the Go service in turn: all rows, those without ordinals last, and one gap',
    async () => {
      const half = MEMBERS / 2;
      const { rows, gaps } = await readCheaply(ours.slice(0, half).flatMap((member, at) => [member, go[at]]));
      const expected = Array.from({ length: half }, (_, at) => BigInt(at));
      expect(rows.slice(0, half).map(({ sequence }) => sequence)).toEqual(expected);
      // The last of the Go service's is behind all of ours: there is room for it.
      expect(rows[half].sequence).toBe(BigInt(half - 1));
      expect(rows.slice(half + 1).map(({ sequence }) => sequence)).toEqual(expected.slice(0, -1));
      expect(gaps).toMatchObject([{ rows: 0n, reason: expect.stringContaining('come last') }]);
    },
    TIMEOUT_MS,
  );

  it(
    'whose bodies are damaged: the other rows, and each lost one in a gap',
    async () => {
      const damaged = ours.map((member) => damagedAt(member, member.length - 20));
      const some = await readCheaply(ours.map((member, at) => (at % 4 === 3 ? member : damaged[at])));
      expect(some.rows).toHaveLength(MEMBERS / 4);
      expect(sumOf(some.gaps)).toBe((MEMBERS / 4) * 3);
      const last = await readCheaply([...damaged.slice(0, -1), ours[MEMBERS - 1]]);
      expect(last.rows).toHaveLength(1);
      expect(sumOf(last.gaps)).toBe(MEMBERS - 1);
      expect(last.gaps.length).toBeLessThanOrEqual(PROBLEMS_HELD_MAX + 1);
    },
    TIMEOUT_MS,
  );

  it(
    'whose headers are damaged: all rows with their ordinals',
    async () => {
      const { rows, gaps } = await readCheaply(
        ours.map((member, at) => (at % 2 === 0 ? member : damagedAt(member, IN_EXTRA_FIELD))),
      );
      expect(rows.filter(({ sequence, ordinal }) => sequence !== ordinal)).toEqual([]);
      expect([rows.length, gaps]).toEqual([MEMBERS, []]);
    },
    TIMEOUT_MS,
  );

  it.each([
    ['the Go service', () => Promise.resolve(gzipSync(`no row\n`.repeat(200_000)))],
    ['ours', () => ourMember(0, 0, 'no row\n'.repeat(200_000))],
  ])('one member of %s with 200,000 lines that are no rows: a gap or two', async (_, make) => {
    await writeFile(path, Buffer.concat([await make(), gzipSync(row(7))]));
    const turns = countTurns();
    const { rows, gaps } = await collect(store.readLogs({ jobId: 'job' }));
    expect(turns()).toBeGreaterThan(100);
    expect(rows).toHaveLength(1);
    expect(gaps.length).toBeLessThanOrEqual(2);
    expect(gaps.map(({ reason }) => reason).join()).toContain('more behind it');
    expect(sumOf(gaps)).toBe(200_000);
  });

  it('lines that are no rows between rows: a gap where each was', async () => {
    const text = Array.from({ length: 3_000 }, (_, at) => `${row(at)}no row\n`).join('');
    await writeFile(path, gzipSync(text));
    const { rows, gaps } = await collect(store.readLogs({ jobId: 'job' }));
    expect(rows).toHaveLength(3_000);
    expect(gaps.map(({ afterOrdinal }) => afterOrdinal)).toEqual(rows.map(({ ordinal }) => ordinal));
  });

  it('three with 15 million ordinals between them: the rows of the nameless one are a guess', async () => {
    const members = [await ourMember(0, 0), damagedAt(await ourMember(1, 1), IN_EXTRA_FIELD)];
    await writeFile(path, Buffer.concat([...members, await ourMember(15_000_000, 2)]));
    const before = process.memoryUsage().arrayBuffers;
    const { rows, gaps } = await collect(store.readLogs({ jobId: 'job' }));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 2 ** 20);
    expect(rows.map(({ ordinal }) => ordinal)).toEqual([0n, 1n, 15_000_000n]);
    expect(gaps.map(({ reason }) => reason).join()).toContain('are a guess');
    expect(sumOf(gaps)).toBe(14_999_998);
  });

  it.each(['abort', 'close'])('%s ends a read while a damaged file is looked at', async (how) => {
    await writeFile(path, Buffer.concat([Buffer.from('garbage'), ...ours]));
    const controller = new AbortController();
    const reading = collect(store.readLogs({ jobId: 'job' }, { signal: controller.signal }));
    setImmediate(() => (how === 'abort' ? controller.abort() : void store.close()));
    await expect(reading).rejects.toMatchObject({ code: how === 'abort' ? 'ABORTED' : 'CLOSED' });
  });

  it('planning ends at whichever step nobody wants it any more', async () => {
    const members = ours
      .slice(0, 40)
      .map((member, at) => (at % 2 ? damagedAt(member, IN_EXTRA_FIELD) : member));
    await writeFile(path, Buffer.concat([...members, ...go.slice(0, 10), ...members.slice(0, 9)]));
    for (let last = 1; ; last++) {
      let steps = 0;
      const checkpoint = () => {
        if (++steps === last) throw new Error('unwanted');
        return undefined;
      };
      if (await isPlanned(path, checkpoint)) {
        expect(last).toBeGreaterThan(100);
        break;
      }
      expect(steps).toBe(last);
    }
  });
});

async function isPlanned(path: string, checkpoint: Checkpoint): Promise<boolean> {
  const file = FileSnapshot.openSync(path, undefined);
  if (!(file instanceof FileSnapshot)) throw new Error(`no file: ${path}`);
  try {
    await planSources([{ file, stream: 1 }], { wants: () => true, wholeTextBytesMax: 2 ** 20, checkpoint });
    return true;
  } catch (error) {
    if (error instanceof Error && error.message === 'unwanted') return false;
    throw error;
  } finally {
    await file.close();
  }
}

function row(sequence: number): string {
  return `{"job_id":"job","stream":1,"timestamp":${1_000 + sequence},"sequence":${sequence},"text":"row ${sequence}"}\n`;
}

function ourMember(ordinal: number, sequence: number, text = row(sequence)): Promise<Buffer> {
  const ordinals = BigUint64Array.of(BigInt(ordinal));
  return encodeMember(Buffer.from(text), { contentBytes: 1n, timeMin: 0n, timeMax: 2n ** 60n, ordinals }, 1);
}

function damagedAt(member: Buffer, at: number): Buffer {
  const damaged = Buffer.from(member);
  damaged[at] ^= 1;
  return damaged;
}

function sumOf(gaps: readonly { rows?: bigint }[]): number {
  return gaps.reduce((sum, { rows = 0n }) => sum + Number(rows), 0);
}

/** Counts how often others get a turn, until it is asked. */
function countTurns(): () => number {
  let turns = 0;
  let handle = setImmediate(function next() {
    turns++;
    handle = setImmediate(next);
  });
  return () => {
    clearImmediate(handle);
    return turns;
  };
}
