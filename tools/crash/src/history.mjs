import assert from 'node:assert/strict';
import { callOf, JOBS, operation } from './operations.mjs';

/**
 * What is known of the calls of one store, over all its processes, from what they say:
 *
 *     call 17 · ok 17 · none 17 (a delete: JOB_NOT_FOUND) · no 17 CODE · seen 17 18 (read back before they were
 *     acknowledged) · closed
 *
 * A call is `ok`, `open` (nobody knows), or `refused`: it may be found again until a later call is acknowledged. One
 * that is certainly not stored is forgotten, so that finding it is an error.
 */
export class History {
  constructor(seed) {
    this.seed = seed;
    this.nextId = 0;
    this.calls = new Map();
    this.byJob = new Map(JOBS.map((job) => [job, []]));
    /** The last delete of each job that was settled: what came before it in this job is forgotten. */
    this.cuts = new Map();
    this.refused = [];
    this.counts = { calls: 0, ok: 0, refused: 0, rows: 0 };
  }

  /** Takes a line that a writer said; others are none of its business. */
  take(line) {
    const [word, ...args] = line.split(' ');
    const ids = args.map(Number);
    if (word === 'call') this.call(ids[0]);
    else if (word === 'ok') this.ok(ids[0]);
    else if (word === 'none') this.none(ids[0]);
    else if (word === 'no') this.no(ids[0]);
    else if (word === 'seen') ids.forEach((id) => this.seen(id));
    else if (word === 'closed') this.forgetRefused(this.refused.length);
    else return false;
    return true;
  }

  /** The store is gone; numbers go on. */
  startAnew() {
    this.calls.clear();
    for (const job of JOBS) this.byJob.set(job, []);
    this.refused = [];
  }

  /** As it is now, to be gone on with apart. */
  clone() {
    const twin = new History(this.seed);
    const { nextId, counts } = this;
    Object.assign(twin, { nextId, counts: { ...counts }, cuts: new Map(this.cuts) });
    const twins = new Map([...this.calls].map(([id, call]) => [id, { ...call }]));
    twin.calls = twins;
    for (const [job, calls] of this.byJob)
      twin.byJob.set(
        job,
        calls.map(({ id }) => twins.get(id)),
      );
    twin.refused = this.refused.map((call) => call && twins.get(call.id));
    return twin;
  }

  call(id) {
    assert.ok(id >= this.nextId, `call ${id} comes after call ${this.nextId - 1}`);
    this.nextId = id + 1;
    this.counts.calls++;
    const call = {
      id,
      operation: operation(this.seed, id),
      state: 'open',
      refusedBefore: this.refused.length,
    };
    this.calls.set(id, call);
    for (const job of jobsOf(call.operation)) this.byJob.get(job).push(call);
  }

  ok(id) {
    const call = this.calls.get(id);
    call.state = 'ok';
    this.counts.ok++;
    this.counts.rows += call.operation.rows?.length ?? 0;
    this.forgetRefused(call.refusedBefore);
  }

  none(id) {
    const {
      operation: { job },
    } = this.calls.get(id);
    const calls = this.byJob.get(job).filter((call) => call.id < id);
    const lastDelete = calls.findLastIndex(
      (call) => call.operation.kind === 'delete' && call.state !== 'refused',
    );
    const kept = calls.slice(lastDelete + 1).find((call) => call.state === 'ok');
    assert.equal(kept, undefined, `call ${id} found no ${job}, which has call ${kept?.id}`);
    this.ok(id);
  }

  no(id) {
    const call = this.calls.get(id);
    this.counts.refused++;
    // A delete that was refused may be carried through: it was announced, perhaps.
    if (call.operation.kind === 'delete') return;
    assert.notEqual(call.state, 'ok', `call ${id} was read back and then refused`);
    call.state = 'refused';
    this.refused.push(call);
  }

  seen(id) {
    const call = this.calls.get(id);
    assert.ok(call && call.state !== 'refused', `call ${id} was refused and then read back`);
    call.state = 'ok';
  }

  /** A later call is durable: what was refused before it began is not there, for good. */
  forgetRefused(count) {
    for (let index = 0; index < count; index++) {
      const call = this.refused[index];
      if (call?.state === 'refused') this.forget(call);
      this.refused[index] = undefined;
    }
  }

  forget(call) {
    this.calls.delete(call.id);
    for (const job of jobsOf(call.operation)) {
      const calls = this.byJob.get(job);
      const index = calls.indexOf(call);
      if (index >= 0) calls.splice(index, 1);
    }
  }

  /** The calls of a job, as they are now. */
  of(job) {
    return this.byJob.get(job).map(({ id, operation, state }) => ({ id, operation, state }));
  }

  /**
   * The rows that a job was found to have are from now on those it must have: whatever was not found is forgotten.
   * `found` has for each job what `fit` returned.
   */
  settle(found) {
    for (const [job, { cut }] of found) this.cuts.set(job, Math.max(cut, this.cuts.get(job) ?? -1));
    for (const call of [...this.calls.values()]) {
      // Whether an end record is stored shows only as long as nothing follows: it stays as it is.
      if (call.operation.kind === 'end') continue;
      const jobs = jobsOf(call.operation);
      const outcomes = jobs
        .filter((job) => call.id > this.cuts.get(job))
        .map((job) => call.operation.kind !== 'delete' && found.get(job).present.has(call.id));
      assert.ok(
        outcomes.every((stored) => stored === outcomes[0]),
        `call ${call.id} is there in some of its jobs: ${jobs.join(', ')}`,
      );
      if (outcomes.length === 0 || !outcomes[0]) this.forget(call);
      else call.state = 'ok';
    }
    for (const [job, { cut }] of found)
      this.byJob.set(
        job,
        this.byJob.get(job).filter(({ id }) => id > cut),
      );
    this.calls = new Map([...this.byJob.values()].flat().map((call) => [call.id, { ...call }]));
    for (const [job, calls] of this.byJob)
      this.byJob.set(
        job,
        calls.map(({ id }) => this.calls.get(id)),
      );
    for (const call of this.calls.values()) call.refusedBefore = 0;
    this.refused = [];
  }
}

function jobsOf({ job, jobs }) {
  return jobs ?? [job];
}

/**
 * Whether what was read of a job is what its calls can have left: all rows of each acknowledged call behind the last
 * delete, whole, in the order of the calls, once, numbered from 0; of the others all rows or none. Of deletes that may
 * have happened it tries each. Throws what is wrong; returns the calls that are there, and the delete before them.
 * `areas`: rows by kind; a kind that is not there was not read.
 */
export function fit(job, calls, areas) {
  const ids = new Map();
  for (const [kind, rows] of Object.entries(areas)) ids.set(kind, callsOf(job, calls, kind, rows));
  const surely =
    calls.findLast(({ operation: { kind }, state }) => kind === 'delete' && state === 'ok')?.id ?? -1;
  const perhaps = calls
    .filter(({ id, operation: { kind } }) => kind === 'delete' && id > surely)
    .map(({ id }) => id);
  let problem;
  for (const cut of [surely, ...perhaps]) {
    const wrong = mismatch(
      job,
      calls.filter(({ id }) => id > cut),
      ids,
      cut,
    );
    if (wrong === undefined) return { cut, present: new Set([...ids.values()].flat()) };
    problem ??= wrong;
  }
  throw new assert.AssertionError({ message: problem });
}

function mismatch(job, calls, ids, cut) {
  for (const [kind, found] of ids) {
    const ofKind = calls.filter(({ operation }) => operation.kind === kind);
    const stored = new Set(found);
    const missing = ofKind.find(({ id, state }) => state === 'ok' && !stored.has(id));
    if (missing)
      return `${job}: ${kind} of call ${missing.id}, acknowledged, are missing; found ${brief(found)}`;
    const old = found.find((id) => id <= cut);
    if (old !== undefined) return `${job}: ${kind} of call ${old} are there, deleted by call ${cut}`;
  }
  return undefined;
}

/** The calls that the rows came with. Throws unless they are whole, in order, and each is one that may be there. */
function callsOf(job, calls, kind, rows) {
  const byId = new Map(calls.map((call) => [call.id, call]));
  const found = [];
  for (let index = 0; index < rows.length;) {
    const id = callOf(rows[index].sequence);
    const call = byId.get(id);
    assert.ok(
      call?.operation.kind === kind,
      `${job}: row ${index} of ${kind} is of call ${id}, which must not be there`,
    );
    assert.ok(
      id > (found.at(-1) ?? -1),
      `${job}: ${kind} of call ${id} come behind those of call ${found.at(-1)}`,
    );
    for (const expected of call.operation.rows.filter(({ jobId }) => jobId === job)) {
      const where = `${job}: row ${index} of ${kind}, of call ${id}`;
      assert.equal(rows[index]?.sequence, expected.sequence, `${where}: wrong, or the call is not whole`);
      checkRow(where, rows[index], expected, index);
      index++;
    }
    found.push(id);
  }
  return found;
}

function checkRow(where, row, expected, ordinal) {
  assert.equal(row.ordinal, BigInt(ordinal), `${where}: ordinal`);
  assert.equal(row.timestamp, expected.timestamp, `${where}: time`);
  if ('content' in expected) {
    assert.equal(row.stream, expected.stream, `${where}: stream`);
    assert.ok(Buffer.compare(row.content, expected.content) === 0, `${where}: content`);
  } else {
    assert.equal(row.data?.cpuUsage, expected.data.cpuUsage, `${where}: data`);
    assert.equal(row.data?.memoryUsage, expected.data.memoryUsage, `${where}: data`);
  }
}

function brief(ids) {
  return ids.length <= 12
    ? ids.join(' ')
    : `${ids.slice(0, 4).join(' ')} … ${ids.slice(-6).join(' ')} (${ids.length})`;
}
