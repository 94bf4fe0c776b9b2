import type { LogBatch, MetricBatch, WriteSource } from '@joblet/storage';
import type { PlannedGroup } from './commit-queue.js';
import type { EngineCore } from './engine-core.js';
import { isKnown } from './job-table.js';
import type { KnownAreas } from './known-areas.js';
import { batchEntry, type AreaName, type BatchEntry } from './log-entry.js';

/** Undefined: the producer's frame is stored already. */
export async function planBatch(
  { table, options }: Pick<EngineCore, 'table' | 'options'>,
  known: KnownAreas,
  group: PlannedGroup,
  name: AreaName,
  batch: LogBatch | MetricBatch,
  source: WriteSource | undefined,
): Promise<BatchEntry | undefined> {
  for (const jobId of batch.jobIds) {
    const area = table.jobs.get(jobId)?.[name];
    if (area?.isChecked && isKnown(area)) continue;
    try {
      await known.areaIfKnown(jobId, name);
    } catch (error) {
      // Which number comes next is known all the same: the others' rows need not wait.
      if (!area || area.nextOrdinal === 0n) throw error;
    }
  }
  if (source && !group.take(source)) return undefined;
  const counts = new Uint32Array(batch.jobIds.length);
  if (counts.length === 1) counts[0] = batch.length;
  else for (const job of batch.table.jobOfRow) counts[job]++;
  const firstOrdinals = batch.jobIds.map((jobId, index) => group.addRows(name, jobId, counts[index]));
  return batchEntry(name, batch, firstOrdinals, source, options.now());
}

/** The rows are durable in the log: from here on they are readable. */
export function applyBatch(
  { table, memory, sealer }: Pick<EngineCore, 'table' | 'memory' | 'sealer'>,
  entry: BatchEntry,
  position: bigint,
): void {
  if (entry.source) table.sources.set(entry.source.producer, entry.source);
  const { kind: name, bytes } = entry;
  const { jobIds, jobOfRow, starts } = entry.table;
  const picked: number[][] | undefined = jobIds.length === 1 ? undefined : jobIds.map(() => []);
  if (picked) for (let row = 0; row < starts.length; row++) picked[jobOfRow[row]].push(row);
  jobIds.forEach((jobId, index) => {
    const job = table.job(jobId);
    const area = job[name] ?? table.area(jobId, name);
    job.end = undefined;
    area.arrival = entry.arrival;
    const own = picked?.[index];
    const source = own ? { bytes, table: entry.table, picked: own } : { bytes, table: entry.table };
    const rows = own?.length ?? starts.length;
    const first = entry.firstOrdinals[index];
    if (!table.pending.has(area)) table.pending.set(area, { job, name });
    area.nextOrdinal = first + BigInt(rows);
    if (memory.add(area, source, rows, first, position)) sealer.seal(job, name, area, false);
  });
}
