import { beforeEach, describe, expect, it } from '@jest/globals';
import { fit, History } from './history.mjs';
import { operation } from './operations.mjs';

const SEED = 1;
const JOB = 'job-0';

interface Row {
  jobId: string;
  sequence: bigint;
  ordinal?: bigint;
}

/** The first calls that write logs of the job, in their order, and one that deletes it. */
const ids = Array.from({ length: 2_000 }, (_, id) => id);
const writes = ids.filter((id) => rowsOf(id).length > 1).slice(0, 4);
const deletion = ids.find((id) => isDeletion(id) && id > writes[1])!;

function isDeletion(id: number): boolean {
  const { kind, job } = operation(SEED, id);
  return kind === 'delete' && job === JOB;
}

function rowsOf(id: number): Row[] {
  const { kind, rows } = operation(SEED, id);
  return kind === 'logs' ? (rows as Row[]).filter(({ jobId }) => jobId === JOB) : [];
}

/** As a store gives them. */
function stored(...calls: number[]): Row[] {
  return calls.flatMap(rowsOf).map((row, index) => ({ ...row, ordinal: BigInt(index) }));
}

describe('what a history finds in a store', () => {
  let history: History;
  const check = (rows: Row[]) => fit(JOB, history.of(JOB), { logs: rows, metrics: [] });

  beforeEach(() => {
    history = new History(SEED);
    for (const id of [...writes, deletion].sort((a, b) => a - b)) if (id !== deletion) history.call(id);
    writes.slice(0, 2).forEach((id) => history.ok(id));
  });

  it('accepts what was acknowledged, with what nobody knows of or without', () => {
    const [a, b, c, d] = writes;
    for (const calls of [
      [a, b],
      [a, b, c],
      [a, b, d],
      [a, b, c, d],
    ])
      expect([...check(stored(...calls)).present]).toEqual(calls);
  });

  it('rejects rows that are missing, twice, out of order, changed, cut off, or numbered wrongly', () => {
    const [a, b, c] = writes;
    const rows = stored(a, b);
    expect(() => check(stored(b))).toThrow(`call ${a}, acknowledged`);
    expect(() => check(stored(a))).toThrow(`call ${b}, acknowledged`);
    expect(() => check(stored(a, b, b))).toThrow('come behind');
    expect(() => check(stored(b, a))).toThrow('come behind');
    expect(() => check(rows.slice(0, -1))).toThrow('not whole');
    expect(() => check(stored(a, b, c).slice(0, -1))).toThrow('not whole');
    expect(() =>
      check(rows.map((row, index) => (index === 1 ? { ...row, content: Buffer.from('?') } : row))),
    ).toThrow('content');
    expect(() => check(rows.map((row) => ({ ...row, ordinal: row.ordinal! + 1n })))).toThrow('ordinal');
  });

  it('rejects what was refused, once a later call is durable', () => {
    const [a, b, c, d] = writes;
    history.no(c);
    expect([...check(stored(a, b, c)).present]).toEqual([a, b, c]);
    // Called before the refusal: says nothing of it.
    history.ok(d);
    expect(() => check(stored(a, b, c, d))).not.toThrow();
    const later = ids.find((id) => id > Math.max(d, deletion) && rowsOf(id).length > 0)!;
    history.call(later);
    history.ok(later);
    expect(() => check(stored(a, b, c, d, later))).toThrow(`call ${c}, which must not be there`);
  });

  it('takes an unknown deletion either way, an acknowledged one as done, and what was found as settled', () => {
    const [a, b] = writes;
    history = new History(SEED);
    [a, b].forEach((id) => {
      history.call(id);
      history.ok(id);
    });
    history.call(deletion);
    expect(check(stored(a, b)).present.size).toBe(2);
    expect(check([]).cut).toBe(deletion);
    expect(() => check(stored(b))).toThrow('missing');
    history.ok(deletion);
    expect(() => check(stored(a, b))).toThrow('deleted by call');
  });
});
