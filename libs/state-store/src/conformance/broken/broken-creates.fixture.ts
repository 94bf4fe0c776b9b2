import {
  altered,
  aWhile,
  found,
  giving,
  reparsed,
  restamped,
  themed,
  unless,
  withFields,
  type BrokenStore,
  type Mistake,
} from './broken-store.fixture.js';

const FIRST = 'a new job has version 1 and the owner that it says';
const EXISTS = 'a job that is there already: JOB_EXISTS, and it stays as it is';
const TIMES = "createdAt is the job's own, else its start, else now; updatedAt is its own, else now";
const RESTORED = 'restore keeps the version and the times that the job says';
const CREATE_RACE = 'of many creates of a job at a time exactly one succeeds';

const overwrites: Mistake['create'] = altered((right) => ({
  create: async (job, options) => {
    if ((await found(right, job.uuid)) !== undefined) return right.create(job, options);
    await aWhile();
    return unless('JOB_EXISTS', right.create(job, options), () => right.update(job));
  },
}));

const creates: Mistake[] = [
  {
    mistake: 'rounds what it restores',
    fails: [RESTORED],
    create: altered((right) => ({
      create: (job, options) => right.create(options?.restore === true ? reparsed(job) : job, options),
    })),
  },
  {
    mistake: 'has versions of 32 bits',
    fails: ['a restored version may be any up to 2^53, and grows from there'],
    create: giving((job) => restamped(job, { version: job.version | 0 })),
  },
  {
    mistake: 'counts versions from 0',
    fails: [FIRST],
    create: giving((job) => restamped(job, { version: job.version - 1 })),
  },
  { mistake: 'forgets owners', fails: [FIRST], create: giving((job) => restamped(job, { owner: '' })) },
  {
    mistake: 'overwrites what is there',
    fails: [EXISTS, CREATE_RACE],
    create: altered((right) => ({
      create: (job, options) => unless('JOB_EXISTS', right.create(job, options), () => right.update(job)),
    })),
  },
  {
    mistake: 'takes the time of the call for createdAt',
    fails: [TIMES],
    create: altered((right, clock) => ({
      create: (job, options) => {
        const now = JSON.stringify(new Date(clock.now()).toISOString());
        return right.create(withFields(job, [['createdAt', now]]), options);
      },
    })),
  },
  {
    mistake: 'rewrites createdAt in UTC',
    fails: [TIMES],
    create: giving((job) => restamped(job, { createdAt: JSON.stringify(job.createdAt) })),
  },
  {
    mistake: 'does not restore',
    fails: [RESTORED],
    create: altered((right) => ({ create: (job) => right.create(job) })),
  },
  { mistake: 'looks first and writes later', fails: [CREATE_RACE], create: overwrites },
];

export const BROKEN_CREATES: readonly BrokenStore[] = themed('creating', creates);
