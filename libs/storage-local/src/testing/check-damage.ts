import { expect } from '@jest/globals';
import type { Gap, LogRow, MetricRow } from '@joblet/storage';
import { ARE_OTHERS, COME_LAST, ordinalsAreGuess } from '../read/reasons.js';
import { JOB, rowKey, type DamagedJob, type Subject } from './damaged-job.js';

/** Bytes that came in by accident, and the rows that they bring. */
export interface Damaged {
  readonly bytes: Buffer;
  /** Rows of another job or of copies, which may come beside the written ones. */
  readonly foreignRows?: readonly string[];
  /** No checksum guards the rows of a member that has lost its end: what else is damaged there cannot be seen. */
  readonly isUnguarded?: boolean;
  /** The file shows that something is missing; whole members at the end of all can go without a trace. */
  readonly leavesTrace?: boolean;
  /** Only reads, no queries: for loops over every byte. */
  readonly isBrief?: boolean;
}

/**
 * Reads the damaged file and compares with what a naive look at the bytes says: a member that is still there, byte for
 * byte, is undamaged, and all its rows must come; nothing else may come but rows that were written; what is missing is
 * in a gap; ordinals ascend, and are the written ones unless a gap says that they are not.
 */
export async function checkDamaged(job: DamagedJob, subject: Subject, damaged: Damaged): Promise<void> {
  const { bytes, foreignRows = [], isUnguarded = false, leavesTrace = false, isBrief = false } = damaged;
  const others = job.subjects.filter((other) => other !== subject && other.kind === subject.kind);
  const written = [subject, ...others].flatMap(({ members }) => members.flatMap(({ rows }) => rows));
  await job.withFile(subject, bytes, async () => {
    const { rows, gaps } = await job.read(subject.kind);
    const keys = rows.map(rowKey);
    const found = new Set(keys);
    const undamaged = subject.members.filter((member) => bytes.includes(member.bytes));
    const expected = [...undamaged, ...others.flatMap(({ members }) => members)].flatMap(
      (member) => member.rows,
    );
    expect(expected.filter((row) => !found.has(row))).toEqual([]);
    if (!isUnguarded) {
      const known = new Set([...written, ...foreignRows]);
      expect(keys.filter((row) => !known.has(row))).toEqual([]);
    }
    const missing = written.filter((row) => !found.has(row));
    const highest = Math.max(...rows.map(({ sequence }) => Number(sequence)));
    // A member of another job may have brought rows with the same ordinals in their place.
    const given = new Set(rows.map(({ ordinal }) => Number(ordinal)));
    const sequences = missing.map((row) => Number(row.split(' ')[1]));
    const isInside =
      subject.isOurs && sequences.some((sequence) => sequence < highest && !given.has(sequence));
    if (missing.length > 0 && (leavesTrace || isInside)) expect(gaps).not.toEqual([]);
    const ordinals = rows.map(({ ordinal }) => ordinal!);
    expect(ordinals.every((ordinal, index) => index === 0 || ordinal > ordinals[index - 1])).toBe(true);
    // Where a member of another job has taken the ordinals of one that is missing, nobody can tell whose they are.
    const isMixed = missing.length > 0 && foreignRows.some((row) => found.has(row));
    if (subject.isOurs && !isMixed) expectWrittenOrdinals(rows, gaps, new Set(foreignRows), isUnguarded);
    if (isBrief) return;
    await checkQueries(job, subject, rows, gaps);
    const info = await job.store.getJobInfo(JOB);
    expect(info.jobId).toBe(JOB);
    for await (const listed of job.store.listJobs()) expect(listed.jobId).toBeDefined();
  });
}

/** How often ordinals could be compared with the written ones, and how often a gap said that they may differ. */
export const ordinalChecks = { all: 0, skipped: 0 };

/** A gap says that rows may have other ordinals than they were written with. */
const ORDINALS_DIFFER = new RegExp(
  [ordinalsAreGuess(0).replace('0', '\\d+'), COME_LAST, ARE_OTHERS].join('|'),
);

function expectWrittenOrdinals(
  rows: readonly (LogRow | MetricRow)[],
  gaps: readonly Gap[],
  foreign: ReadonlySet<string>,
  isUnguarded: boolean,
): void {
  if (isUnguarded) return;
  ordinalChecks.all++;
  if (gaps.some(({ reason }) => ORDINALS_DIFFER.test(reason))) {
    ordinalChecks.skipped++;
    return;
  }
  const own = rows.filter((row) => !foreign.has(rowKey(row)));
  expect(own.filter(({ sequence, ordinal }) => sequence !== ordinal).map(rowKey)).toEqual([]);
}

/** Each query gives what it selects of all that can be read; pages, put together, have each gap once. */
async function checkQueries(
  job: DamagedJob,
  { kind }: Subject,
  rows: readonly (LogRow | MetricRow)[],
  gaps: readonly Gap[],
): Promise<void> {
  const keys = rows.map(keyWithOrdinal);
  const select = async (query: object): Promise<string[]> =>
    (await job.read(kind, query)).rows.map(keyWithOrdinal);
  expect(await select({ tail: 4 })).toEqual(keys.slice(-4));
  expect(await select({ offset: 3, limit: 5 })).toEqual(keys.slice(3, 8));
  const middle = rows[rows.length >> 1]?.timestamp ?? 0n;
  const inWindow = rows.filter(({ timestamp }) => timestamp >= middle && timestamp <= middle + 4n);
  expect(await select({ startTime: middle, endTime: middle + 4n })).toEqual(inWindow.map(keyWithOrdinal));
  const paged: string[] = [];
  const gapsOfPages: Gap[] = [];
  for (let after: bigint | undefined; ;) {
    const page = await job.read(kind, { limit: 7, ...(after !== undefined && { afterOrdinal: after }) });
    paged.push(...page.rows.map(keyWithOrdinal));
    gapsOfPages.push(...page.gaps);
    if (page.rows.length < 7) break;
    after = page.rows[6].ordinal;
  }
  expect(paged).toEqual(keys);
  expect(gapsOfPages).toEqual(gaps);
}

function keyWithOrdinal(row: LogRow | MetricRow): string {
  return `${row.ordinal} ${rowKey(row)}`;
}
