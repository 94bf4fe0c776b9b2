import assert from 'node:assert/strict';
import { SORT_KEYS, type JobFilter } from '../filter.js';
import type { Job, NewJob } from '../job.js';
import { createMemoryStore } from '../memory-store.js';
import type { JobPage, StateStore } from '../state-store.js';
import { resolveSync } from '../sync.js';
import type { ConformanceCase, Theme } from './case.js';
import { consistent, job, time } from './jobs.js';
import { codeOf } from './rejects.js';
import { SeededRandom } from './seeded-random.js';
import type { Subject } from './subject.js';

const STEPS = 250;
const STATUSES = ['PENDING', 'RUNNING', 'COMPLETED', 'FAILED'];
const NODES = ['', 'node-1', 'node-2'];
const OWNERS = ['', 'rnx'];

const sameAsModel: ConformanceCase = {
  name: 'answers like the memory store, whatever is created, updated, deleted, synced and listed',
  async run(subject) {
    const random = new SeededRandom(subject.seed);
    const model = createMemoryStore({ now: () => subject.clock.now() });
    for (let step = 1; step <= STEPS; step++) {
      const { name, run } = nextCall(random);
      const expected = await answerOf(run, model);
      const found = await answerOf(run, subject.store);
      assert.deepEqual(found, expected, `step ${step} with the seed ${subject.seed}: ${name}`);
      if (random.chance(0.3)) subject.clock.advance(random.below(30_000));
      if (subject.supports.durable && random.chance(0.01)) await subject.reopen();
    }
    assert.deepEqual(await everything(subject), await answerOf((store) => store.list(), model));
  },
};

function everything(subject: Subject): Promise<unknown> {
  return answerOf((store) => store.list(), subject.store);
}

interface Call {
  readonly name: string;
  readonly run: (store: StateStore) => Promise<unknown>;
}

function nextCall(random: SeededRandom): Call {
  const one = randomJob(random);
  const { uuid } = one;
  const expectedVersion = random.chance(0.3) ? 1 + random.below(4) : undefined;
  const upsert = random.chance(0.5);
  const called = (name: string, given: unknown, run: Call['run']): Call => ({
    name: `${name} ${JSON.stringify(given)}`,
    run,
  });
  switch (random.below(10)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return called('create', [...one.fields], (store) => store.create(one));
    case 4:
    case 5: {
      const options = { expectedVersion, upsert, owner: random.pick(OWNERS) };
      return called('update', [[...one.fields], options], (store) => store.update(one, options));
    }
    case 6:
      return called('delete', uuid, (store) => store.delete(uuid, { expectedVersion }));
    case 7:
      return called('get', uuid, (store) => store.get(uuid));
    case 8: {
      const filter = randomFilter(random);
      return called('list', filter, (store) => twoPages(store, filter));
    }
    default:
      return randomSync(random, called);
  }
}

/** The jobs of a page and the next, in one. */
async function twoPages(store: StateStore, filter: JobFilter): Promise<JobPage> {
  const first = await store.list(filter);
  if (first.nextCursor === undefined) return first;
  const second = await store.list({ ...filter, cursor: first.nextCursor });
  return { ...second, jobs: [...first.jobs, ...second.jobs] };
}

function randomSync(
  random: SeededRandom,
  called: (name: string, given: unknown, run: Call['run']) => Call,
): Call {
  const nodeId = random.chance(0.2) ? '' : random.pick(NODES);
  const owner = random.pick(OWNERS);
  const given = Array.from({ length: random.below(6) }, () => randomJob(random, { nodeId, owner }));
  const { jobs, scope } = resolveSync(given, { nodeId, owner }, 'node-1');
  return called('sync', [jobs.map(({ fields }) => [...fields]), scope], (store) => store.sync(jobs, scope));
}

function randomJob(random: SeededRandom, fields: { readonly [key: string]: string } = {}): NewJob {
  return job({
    uuid: `job-${random.below(12)}`,
    status: random.pick(STATUSES),
    nodeId: random.pick(NODES),
    owner: random.chance(0.3) ? random.pick(OWNERS) : undefined,
    startTime: random.chance(0.7) ? time(random.below(4)) : undefined,
    endTime: random.chance(0.3) ? time(random.below(9)) : undefined,
    pid: random.chance(0.2) ? null : random.below(3),
    future: random.chance(0.3) ? { big: [random.below(3)] } : undefined,
    other: random.chance(0.2) ? null : 9007199254740993n,
    ...fields,
  });
}

function randomFilter(random: SeededRandom): JobFilter {
  return {
    status: random.chance(0.3) ? random.pick(STATUSES) : undefined,
    statuses: random.chance(0.3) ? [random.pick(STATUSES), random.pick(STATUSES)] : undefined,
    nodeId: random.chance(0.3) ? random.pick(NODES) : undefined,
    owner: random.chance(0.3) ? random.pick(OWNERS) : undefined,
    prefix: random.chance(0.2) ? 'job-1' : undefined,
    limit: random.below(8),
    sortBy: random.chance(0.7) ? random.pick(SORT_KEYS) : undefined,
    sortDesc: random.chance(0.5),
  };
}

/** What a call gives, in a form that can be compared: a cursor counts by its being there. */
async function answerOf(run: Call['run'], store: StateStore): Promise<unknown> {
  let answer: unknown;
  try {
    answer = await run(store);
  } catch (error) {
    return { rejected: codeOf(error) };
  }
  if (typeof answer !== 'object' || answer === null) return answer;
  if ('jobs' in answer) {
    const { jobs, nextCursor } = answer as { jobs: readonly Job[]; nextCursor?: string };
    return { jobs: jobs.map((one) => ({ ...consistent(one) })), hasMore: nextCursor !== undefined };
  }
  return { ...answer };
}

export const random: Theme = { name: 'random sessions', cases: [sameAsModel] };
