import type { MissingRows, RecoveryContext } from './inspect-files.js';
import { graveKey, type Area, type Job } from './job-table.js';
import type { BatchEntry } from './log-entry.js';
import { rowStream } from './row-totals.js';
import { logEntries } from './survey-log.js';

/** The rows of the log's batches that are missing elsewhere; `add` is given rows with consecutive ordinals. */
export async function replayRows(
  { log, table, from }: Pick<RecoveryContext, 'log' | 'table' | 'from'>,
  missing: MissingRows,
  add: (
    job: Job,
    area: Area,
    batch: { entry: BatchEntry; picked: readonly number[]; first: bigint; position: bigint },
  ) => void,
  afterBatch: () => Promise<void> = () => Promise.resolve(),
): Promise<number> {
  let added = 0;
  // Holes were told of when the log was surveyed.
  for await (const { record, position, entry } of logEntries(log, from, () => undefined)) {
    if (entry.type !== 'batch') continue;
    const numbers: number[][] = entry.table.jobIds.map(() => []);
    for (let row = 0; row < entry.table.starts.length; row++) numbers[entry.table.jobOfRow[row]].push(row);
    for (const [index, jobId] of entry.table.jobIds.entries()) {
      const job = table.jobs.get(jobId);
      const area = job?.[entry.kind];
      if (!job || !area || position < area.born) continue;
      const key = graveKey(entry.kind, jobId);
      const rowsFirst = entry.firstOrdinals[index];
      const missingFrom = missing.missingFrom?.(area, key);
      const isAllMissing = missingFrom !== undefined && rowsFirst >= missingFrom;
      const rows = { entry, numbers: numbers[index], first: rowsFirst };
      const spans = isAllMissing
        ? [{ picked: rows.numbers, first: rowsFirst }]
        : missingSpans(rows, (ordinal, stream) => missing.isMissing(area, key, ordinal, stream));
      for (const { picked, first } of spans) {
        added += picked.length;
        add(job, area, { entry, picked, first, position: record });
      }
    }
    await afterBatch();
  }
  return added;
}

/** Those of a job's rows in a batch that are missing, as runs of consecutive ordinals. `first`: the ordinal of the first row. */
function missingSpans(
  { entry, numbers, first }: { entry: BatchEntry; numbers: readonly number[]; first: bigint },
  isMissing: (ordinal: bigint, stream: () => number) => boolean,
): { picked: number[]; first: bigint }[] {
  const spans: { picked: number[]; first: bigint }[] = [];
  const rows = { bytes: entry.bytes, ...entry.table, ordinals: new BigUint64Array(0) };
  let span: { picked: number[]; first: bigint } | undefined;
  for (const [offset, row] of numbers.entries()) {
    const ordinal = first + BigInt(offset);
    if (!isMissing(ordinal, () => rowStream(entry.kind, rows, row))) span = undefined;
    else if (span) span.picked.push(row);
    else spans.push((span = { picked: [row], first: ordinal }));
  }
  return spans;
}
