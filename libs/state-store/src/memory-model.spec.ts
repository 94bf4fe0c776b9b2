import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createMemoryStore } from './memory-store.js';
import { newJob } from './new-job.js';
import type { StateStore } from './state-store.js';
import { resolveSync } from './sync.js';

/** The contract once more, in as few words as can be: objects, and everything looked at each time. */
interface ModelJob {
  fields: Record<string, unknown>;
  owner: string;
  createdAt: number;
  version: number;
  isMarked: boolean;
}

const KNOWN = ['uuid', 'status', 'nodeId', 'pid', 'startTime'];

class Model {
  jobs = new Map<string, ModelJob>();
  buried = new Map<string, { until: number; version: number }>();
  now = Date.UTC(2025, 10, 20);

  create(fields: Record<string, unknown>): ModelJob {
    const job = this.jobs.get(uuidOf(fields));
    if (job !== undefined) {
      if (!job.isMarked) throw new Error('JOB_EXISTS');
      job.isMarked = false;
      job.version++;
      return job;
    }
    return this.make(fields, false, '');
  }

  update(fields: Record<string, unknown>, upsert: boolean, expectedVersion: number | undefined): ModelJob {
    const job = this.jobs.get(uuidOf(fields));
    if (job === undefined) {
      const until = this.buried.get(uuidOf(fields))?.until ?? 0;
      if (!upsert || expectedVersion !== undefined || until > this.now) throw new Error('JOB_NOT_FOUND');
      return this.make(fields, true, '');
    }
    if (expectedVersion !== undefined && expectedVersion !== job.version) throw new Error('LOCK_FAILED');
    this.merge(job, fields);
    return job;
  }

  delete(uuid: string): void {
    const job = this.jobs.get(uuid);
    if (job === undefined) throw new Error('JOB_NOT_FOUND');
    this.jobs.delete(uuid);
    this.buried.set(uuid, { until: this.now + 60_000, version: job.version + 1 });
  }

  sync(given: readonly Record<string, unknown>[], nodeId: string, owner: string): void {
    for (const [uuid, job] of this.jobs) {
      const isGiven = given.some((fields) => fields.uuid === uuid);
      if (!isGiven && job.fields.nodeId === nodeId && job.owner === owner) this.delete(uuid);
    }
    for (const fields of given) {
      const job = this.jobs.get(uuidOf(fields));
      if (job === undefined) this.make(fields, false, owner);
      else {
        job.owner = owner === '' ? job.owner : owner;
        this.merge(job, fields);
      }
    }
  }

  sorted(descending: boolean): string[] {
    return [...this.jobs]
      .sort(([a, one], [b, other]) => {
        const byTime = one.createdAt - other.createdAt;
        return (descending ? -byTime : byTime) || (a < b ? -1 : 1);
      })
      .map(([uuid]) => uuid);
  }

  private make(fields: Record<string, unknown>, isMarked: boolean, owner: string): ModelJob {
    const uuid = uuidOf(fields);
    const version = (this.versionOfBuried(uuid) ?? 0) + 1;
    const createdAt = typeof fields.startTime === 'string' ? Date.parse(fields.startTime) : this.now;
    const job = { fields: withoutNulls(fields), owner, createdAt, version, isMarked };
    this.jobs.set(uuid, job);
    this.buried.delete(uuid);
    return job;
  }

  private versionOfBuried(uuid: string): number | undefined {
    const buried = this.buried.get(uuid);
    return buried !== undefined && buried.until > this.now ? buried.version : undefined;
  }

  private merge(job: ModelJob, fields: Record<string, unknown>): void {
    const kept = Object.entries(job.fields).filter(([name]) => !KNOWN.includes(name) && !(name in fields));
    job.fields = { ...withoutNulls(fields), ...Object.fromEntries(kept) };
    job.version++;
  }
}

function uuidOf(fields: Record<string, unknown>): string {
  return String(fields.uuid);
}

function withoutNulls(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

const FIELDS = fc.record(
  {
    uuid: fc.constantFrom('a', 'b', 'c', 'd'),
    status: fc.constantFrom('RUNNING', 'FAILED'),
    nodeId: fc.constantFrom('n1', 'n2'),
    pid: fc.option(fc.nat(3)),
    startTime: fc.constantFrom('2025-11-20T00:00:01Z', '2025-11-20T00:00:02Z'),
    extra: fc.option(fc.nat(3)),
    // Each update brings another value: a sync never finds a job stored just so.
    turn: fc.uuid(),
  },
  { requiredKeys: ['uuid', 'nodeId', 'turn'] },
);

const CALL = fc.oneof(
  fc.record({ op: fc.constant('create' as const), fields: FIELDS }),
  fc.record({
    op: fc.constant('update' as const),
    fields: FIELDS,
    upsert: fc.boolean(),
    expectedVersion: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
  }),
  fc.record({ op: fc.constant('delete' as const), uuid: fc.constantFrom('a', 'b', 'c', 'd') }),
  fc.record({
    op: fc.constant('sync' as const),
    fields: fc.uniqueArray(FIELDS, { selector: uuidOf, maxLength: 3 }),
    owner: fc.constantFrom('', 'rnx'),
  }),
  fc.record({ op: fc.constant('wait' as const), milliseconds: fc.integer({ min: 1, max: 40_000 }) }),
);

type Call = typeof CALL extends fc.Arbitrary<infer Value> ? Value : never;

function onModel(model: Model, call: Call): unknown {
  switch (call.op) {
    case 'create':
      return model.create(call.fields).version;
    case 'update':
      return model.update(call.fields, call.upsert, call.expectedVersion).version;
    case 'delete':
      return model.delete(call.uuid);
    case 'sync':
      return model.sync(
        call.fields.map((fields) => ({ ...fields, nodeId: 'n1' })),
        'n1',
        call.owner,
      );
    case 'wait':
      model.now += call.milliseconds;
      return undefined;
  }
}

async function onStore(store: StateStore, call: Call): Promise<unknown> {
  switch (call.op) {
    case 'create':
      return (await store.create(newJob(call.fields))).version;
    case 'update':
      return (await store.update(newJob(call.fields), call)).version;
    case 'delete':
      return store.delete(call.uuid);
    case 'sync': {
      const given = call.fields.map((fields) => newJob({ ...fields, nodeId: 'n1' }));
      const { jobs } = resolveSync(given, { owner: call.owner }, 'n1');
      await store.sync(jobs, { nodeId: 'n1', owner: call.owner });
      return undefined;
    }
    case 'wait':
      return undefined;
  }
}

it('does what a model of the contract does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(CALL, { maxLength: 60, size: 'max' }), async (calls) => {
      const model = new Model();
      const store = createMemoryStore({ now: () => model.now });
      for (const call of calls) {
        let expected: unknown;
        try {
          expected = onModel(model, call);
        } catch (error) {
          expected = (error as Error).message;
        }
        const found = await onStore(store, call).catch((error: { code: string }) => error.code);
        expect(found).toEqual(expected);
        for (const sortDesc of [false, true]) {
          const { jobs } = await store.list({ sortDesc });
          expect(jobs.map(({ uuid }) => uuid)).toEqual(model.sorted(sortDesc));
        }
        for (const [uuid, { fields, owner, version }] of model.jobs) {
          const stored = JSON.parse((await store.get(uuid)).json) as Record<string, unknown>;
          const { createdAt, updatedAt, ...rest } = stored;
          expect([createdAt, updatedAt].every((time) => typeof time === 'string')).toBe(true);
          expect(withoutNulls(rest)).toEqual({ ...fields, ...(owner !== '' && { owner }), version });
        }
        for (const status of ['RUNNING', 'FAILED']) {
          const { jobs } = await store.list({ status, nodeId: 'n1' });
          const expectedUuids = model.sorted(false).filter((uuid) => {
            const { fields } = model.jobs.get(uuid)!;
            return fields.status === status && fields.nodeId === 'n1';
          });
          expect(jobs.map(({ uuid }) => uuid)).toEqual(expectedUuids);
        }
      }
    }),
    { numRuns: 150 },
  );
});
