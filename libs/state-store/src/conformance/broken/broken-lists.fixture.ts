import { matchesQuery, checkFilter } from '../../filter.js';
import { JOB_STATUSES } from '../../job-statuses.js';
import {
  altered,
  listing,
  storing,
  themed,
  unless,
  type BrokenStore,
  type Mistake,
} from './broken-store.fixture.js';

const ORDER = 'in the order of the key, as instants; equal ones by uuid ascending, in either direction';
const FILTERS = 'only jobs for which every condition holds';
const PREFIX = 'a prefix is what it is: none of its characters stands for others';
const TEXT_PREFIX = 'a prefix may have any characters, and all of them count';
const OWN_STATUSES = 'statuses that nobody knows are as good as any other, and so are jobs without one';
const MANY_STATUSES = 'any of a hundred and fifty statuses';
const ANY_TIMES = 'times before 1970 and after 2038 are as good as any other';
const LIMITS = 'a limit gives the first ones, and a cursor just when there are more; 0 is none';
const MANY = 'a list of 5,100 jobs has them all';
const COMPLETE = 'the pages together are the list, whatever the order, the filter and the limit';
const CHANGING =
  'what is there all the time is on one page, though others come and go, the last of a page among them';
const REMEMBERED =
  "a cursor goes on in its list's order, also for another store on the data, and after reopening";
const INVALID = 'a cursor that no list has given: INVALID_ARGUMENT';

const lists: Mistake[] = [
  {
    mistake: 'turns the whole order around, the uuids too',
    fails: [ORDER],
    create: listing(async (list, filter) => {
      if (filter.sortDesc !== true || filter.cursor !== undefined) return list(filter);
      const { jobs } = await list({ ...filter, sortDesc: false, limit: 0 });
      return { jobs: [...jobs].reverse() };
    }),
  },
  {
    mistake: "sorts by JavaScript's order of texts",
    fails: [ORDER],
    create: listing(async (list, filter) => {
      const page = await list(filter);
      const isTie = (index: number) => page.jobs[index]?.createdAt === page.jobs[index + 1]?.createdAt;
      const jobs = [...page.jobs];
      for (const index of jobs.keys()) {
        if (isTie(index) && jobs[index + 1].uuid < jobs[index].uuid)
          jobs.splice(index, 2, jobs[index + 1], jobs[index]);
      }
      return { ...page, jobs };
    }),
  },
  {
    mistake: 'sorts by milliseconds',
    fails: [ORDER],
    create: listing(async (list, filter) => {
      if ((filter.sortBy ?? 'createdAt') !== 'createdAt' || filter.sortDesc === true) return list(filter);
      const page = await list(filter);
      const jobs = [...page.jobs].sort(
        (a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt) || (a.uuid < b.uuid ? -1 : 1),
      );
      return { ...page, jobs };
    }),
  },
  {
    mistake: 'lists in the order of arrival when no order is asked for',
    fails: [ORDER],
    create: listing((list, filter) =>
      list(filter.sortBy === undefined ? { ...filter, sortBy: 'updatedAt' } : filter),
    ),
  },
  {
    mistake: 'lists jobs for which one condition holds',
    fails: [FILTERS],
    create: listing(async (list, { status, statuses, nodeId, owner, ...rest }) => {
      const asked = [{ status }, { statuses }, { nodeId }, { owner }].filter((one) =>
        Object.values(one).some((value) => value !== undefined && value.length > 0),
      );
      const { jobs } = await list({ ...rest, limit: 0 });
      return {
        jobs: jobs.filter(
          (job) => asked.length === 0 || asked.some((one) => matchesQuery(job, checkFilter(one))),
        ),
      };
    }),
  },
  {
    mistake: 'takes the empty owner for any',
    fails: [FILTERS],
    create: listing((list, filter) => list({ ...filter, owner: filter.owner || undefined })),
  },
  {
    mistake: 'takes the empty node for that of jobs without one',
    fails: [FILTERS],
    create: listing(async (list, filter) => {
      const page = await list(filter);
      return filter.nodeId === '' ? { ...page, jobs: page.jobs.filter(({ nodeId }) => nodeId === '') } : page;
    }),
  },
  {
    mistake: 'takes the prefix for a pattern of SQL',
    fails: [PREFIX],
    create: listing(async (list, { prefix = '', ...filter }) => {
      const pattern = prefix
        .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
        .replaceAll('%', '.*')
        .replaceAll('_', '.');
      const { jobs } = await list(filter);
      return { jobs: jobs.filter(({ uuid }) => new RegExp(`^${pattern}`, 's').test(uuid)) };
    }),
  },
  {
    mistake: 'cuts a prefix at the first character that is not ASCII',
    fails: [TEXT_PREFIX],
    create: listing((list, { prefix = '', ...filter }) =>
      list({ ...filter, prefix: prefix.replace(/[^\u0000-\u007f].*/s, '') }),
    ),
  },
  {
    mistake: 'lists jobs of a status that it does not know, whatever the status asked for',
    fails: [OWN_STATUSES],
    create: listing(async (list, { status, statuses, ...filter }) => {
      const query = checkFilter({ status, statuses });
      const page = await list(filter);
      return { ...page, jobs: page.jobs.filter((job) => !isKnown(job.status) || matchesQuery(job, query)) };
    }),
  },
  {
    mistake: 'lists jobs without a status last',
    fails: [OWN_STATUSES],
    create: listing(async (list, filter) => {
      const page = await list(filter);
      if (filter.sortBy !== 'status' || filter.sortDesc === true) return page;
      const [without, others] = [true, false].map((isEmpty) =>
        page.jobs.filter(({ status }) => (status === '') === isEmpty),
      );
      return { ...page, jobs: [...others, ...without] };
    }),
  },
  {
    mistake: 'looks for the first ten of the statuses',
    fails: [MANY_STATUSES],
    create: listing((list, filter) => list({ ...filter, statuses: filter.statuses?.slice(0, 10) })),
  },
  {
    mistake: 'has no time before 1970',
    fails: [ANY_TIMES],
    create: storing((fields) => {
      const isEarly = (text: string) => /^"(0001-01-01T00:00:00\.|1[0-8]|19[0-6])/.test(text);
      return new Map(
        [...fields].map(([name, text]) => [name, isEarly(text) ? '"1970-01-01T00:00:00Z"' : text]),
      );
    }),
  },
  {
    mistake: 'ignores the limit',
    fails: [LIMITS],
    create: listing((list, { limit, ...filter }) =>
      list(limit === undefined ? filter : { ...filter, limit: 0 }),
    ),
  },
  {
    mistake: 'filters what is left after the limit',
    fails: [LIMITS],
    create: listing(async (list, { limit, sortBy, sortDesc, cursor, ...filter }) => {
      const page = await list({ limit, sortBy, sortDesc, cursor });
      const query = checkFilter(filter);
      return { ...page, jobs: page.jobs.filter((job) => matchesQuery(job, query)) };
    }),
  },
  {
    mistake: 'gives a cursor although there is no more',
    fails: ['a store without jobs has an empty list', LIMITS],
    create: listing(async (list, filter) => ({ nextCursor: 'more', ...(await list(filter)) })),
  },
  {
    mistake: 'takes a limit of 0 for none at all',
    fails: [LIMITS],
    create: listing(async (list, filter) => (filter.limit === 0 ? { jobs: [] } : list(filter))),
  },
  { mistake: 'lists a thousand jobs at the most', fails: [MANY], create: atMost(1_000) },
  { mistake: 'lists five thousand jobs at the most', fails: [MANY], create: atMost(5_000) },
];

function atMost(count: number): Mistake['create'] {
  return listing(async (list, filter) => {
    const page = await list(filter);
    return { ...page, jobs: page.jobs.slice(0, count) };
  });
}

function isKnown(status: string): boolean {
  return JOB_STATUSES.some((known) => known === status);
}

const pages: Mistake[] = [
  {
    mistake: 'begins a page with the job after the next',
    fails: [COMPLETE],
    create: listing(async (list, filter) => {
      const page = await list(filter);
      return filter.cursor === undefined ? page : { ...page, jobs: page.jobs.slice(1) };
    }),
  },
  {
    mistake: 'begins a page with the last job of the page before',
    fails: [COMPLETE],
    create: altered((right) => {
      const before = new Map<string, string>();
      return {
        list: async (filter = {}) => {
          const last = before.get(filter.cursor ?? '');
          const page = await right.list(filter);
          const jobs =
            last === undefined
              ? page.jobs
              : [await right.get(last), ...page.jobs].slice(0, filter.limit || undefined);
          const end = page.jobs.at(-1);
          if (page.nextCursor !== undefined && end !== undefined) before.set(page.nextCursor, end.uuid);
          return { ...page, jobs };
        },
      };
    }),
  },
  {
    mistake: 'counts jobs for a cursor',
    fails: [CHANGING, REMEMBERED, INVALID],
    create: listing(async (list, { cursor = '0', limit = 0, ...filter }) => {
      const { jobs } = await list(filter);
      const start = Number(cursor);
      const end = limit === 0 ? jobs.length : start + limit;
      return { jobs: jobs.slice(start, end), ...(end < jobs.length && { nextCursor: String(end) }) };
    }),
  },
  {
    mistake: 'looks for the last job of the page before',
    fails: [CHANGING],
    create: listing(async (list, { cursor, limit = 0, ...filter }) => {
      const { jobs } = await list(filter);
      const start = cursor === undefined ? 0 : jobs.findIndex(({ uuid }) => uuid === cursor) + 1;
      const end = limit === 0 ? jobs.length : start + limit;
      return { jobs: jobs.slice(start, end), ...(end < jobs.length && { nextCursor: jobs[end - 1].uuid }) };
    }),
  },
  {
    mistake: 'lists from the start when it does not know a cursor',
    fails: [INVALID],
    create: listing((list, filter) =>
      unless('INVALID_ARGUMENT', list(filter), () => list({ ...filter, cursor: undefined })),
    ),
  },
];

export const BROKEN_LISTS: readonly BrokenStore[] = [...themed('listing', lists), ...themed('paging', pages)];
