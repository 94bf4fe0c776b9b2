import { inspectWal, WalError, type LogItem, type WalEvent } from '@joblet/wal';
import { decodeEntries, entryPosition, type LogEntry } from '../engine/log-entry.js';
import { isMissing } from '../errors.js';
import { namesIn, problemOf } from './path-problems.js';
import type { PendingOrdinals } from './pending-ordinals.js';
import type { LogReport, Problem } from './verify-report.js';

interface LogFindings {
  segments: number;
  records: number;
  rows: number;
  bytes: number;
  readonly problems: Problem[];
  readonly notes: string[];
}

/** The owner may trim the log between listing and opening its files: then it is read once more, so often at the most. */
const READS_MAX = 5;

/** Reads the log, and adds the rows from the position on. Undefined: there is none, or its folder cannot be read. */
export async function checkLog(
  path: string,
  from: bigint,
  ordinals: PendingOrdinals,
): Promise<LogReport | undefined> {
  const names = await namesIn(path);
  if (!Array.isArray(names) || names.length === 0) return undefined;
  for (let read = 1; ; read++) {
    const findings: LogFindings = { segments: 0, records: 0, rows: 0, bytes: 0, problems: [], notes: [] };
    try {
      await readLog(path, from, ordinals, findings);
    } catch (error) {
      if (error instanceof WalError && isMissing(error.cause) && read < READS_MAX) continue;
      findings.problems.push({ path, problem: problemOf(error) });
    }
    return { kind: 'log', path, ...findings };
  }
}

async function readLog(
  path: string,
  from: bigint,
  ordinals: PendingOrdinals,
  findings: LogFindings,
): Promise<void> {
  const onEvent = (event: WalEvent): void => {
    const problem = event.type === 'foreign-segment' ? `no segment of this log: ${event.reason}` : event.type;
    findings.problems.push({ path: event.path, problem });
  };
  for await (const item of inspectWal({ directory: path, onEvent }))
    checkItem(path, item, from, ordinals, findings);
}

function checkItem(
  path: string,
  item: LogItem,
  from: bigint,
  ordinals: PendingOrdinals,
  findings: LogFindings,
): void {
  const { problems, notes } = findings;
  switch (item.kind) {
    case 'segment':
      findings.segments++;
      findings.bytes += item.bytes;
      break;
    case 'hole':
      problems.push({ path, problem: `positions ${item.from} to ${item.to} are lost: ${item.reason}` });
      break;
    case 'tail':
      notes.push(`${item.path} ends with ${item.bytes} bytes of a write that has not ended`);
      break;
    case 'record': {
      findings.records++;
      const { position, payload } = item;
      const entries = decodeEntries(payload);
      if (!entries)
        problems.push({ path, problem: `the record at position ${position} is none of this store` });
      else if (position >= from)
        for (const [index, entry] of entries.entries())
          findings.rows += addEntry(entry, entryPosition(position, index), ordinals);
    }
  }
}

/** Rows that it brought. */
function addEntry(entry: LogEntry, position: bigint, ordinals: PendingOrdinals): number {
  if (entry.type === 'delete') {
    for (const { area } of entry.areas) ordinals.delete(entry.jobId, area, position);
  }
  if (entry.type !== 'batch') return 0;
  const { jobIds, jobOfRow } = entry.table;
  const counts = new Array<number>(jobIds.length).fill(0);
  for (const job of jobOfRow) counts[job]++;
  for (const [job, count] of counts.entries()) {
    const first = entry.firstOrdinals[job];
    if (count > 0) ordinals.add(jobIds[job], entry.kind, first, first + BigInt(count) - 1n);
  }
  return jobOfRow.length;
}
