import { LogBatch, MetricBatch, RowTable } from '@joblet/storage';
import type { BlockRows } from '../block/block-rows.js';
import type { AreaView, PendingRows } from '../read/area-view.js';
import type { Area, Job, JobTable } from './job-table.js';
import type { AreaName } from './log-entry.js';
import { totalsOf } from './row-totals.js';

/** What a reader sees of an area at this moment. */
export function viewArea(table: JobTable, job: Job, name: AreaName, area: Area): AreaView {
  const { jobId } = job;
  const unpins: (() => void)[] = [];
  const pending: PendingRows[] = [];
  for (const part of area.parts) {
    if (part.kind === 'memory') pending.push(memoryRows(jobId, name, part.buffer.lend()));
    else {
      const { run, index } = part;
      unpins.push(run.pin());
      const { firstOrdinal, lastOrdinal, totals } = run.directory.piece(index);
      const rows = run.rowsOf(index);
      const times = timesOf(totals);
      const load = async () => batchOf(jobId, name, await run.load(index));
      pending.push({ firstOrdinal, lastOrdinal, rows, ...times, load });
    }
  }
  if (area.tail) pending.push(memoryRows(jobId, name, area.tail.lend()));
  const files = (area.unread ? [] : area.files).map(({ fileName, stream, counted }) => ({
    path: table.layout.path({ area: name, jobId, fileName }),
    stream,
    length: counted?.length,
  }));
  const lost = [...area.lost.values()].map(({ stream, rows, bytes, lastOrdinal, reason }) => ({
    stream,
    rows,
    bytes,
    lastOrdinal,
    reason,
  }));
  if (area.unread) {
    const reason = `the files could not be looked at when the store was opened: ${area.unread.message}`;
    const lastOrdinal = area.nextOrdinal - 1n;
    for (const stream of new Set(area.files.map((file) => file.stream)))
      lost.push({ stream, rows: 0n, bytes: 0n, lastOrdinal, reason });
  }
  return {
    files,
    lost,
    pending,
    release: () => {
      for (const unpin of unpins.splice(0)) unpin();
    },
  };
}

function memoryRows(jobId: string, name: AreaName, rows: BlockRows): PendingRows {
  const { ordinals } = rows;
  return {
    firstOrdinal: ordinals[0],
    lastOrdinal: ordinals[ordinals.length - 1],
    rows: ordinals.length,
    ...timesOf(totalsOf(name, rows)),
    load: () => Promise.resolve(batchOf(jobId, name, rows)),
  };
}

function timesOf(totals: readonly { timeMin: bigint; timeMax: bigint }[]): {
  timeMin: bigint;
  timeMax: bigint;
} {
  let { timeMin, timeMax } = totals[0];
  for (const other of totals) {
    if (other.timeMin < timeMin) timeMin = other.timeMin;
    if (other.timeMax > timeMax) timeMax = other.timeMax;
  }
  return { timeMin, timeMax };
}

function batchOf(jobId: string, name: AreaName, rows: BlockRows): LogBatch | MetricBatch {
  const { bytes, starts, ends, timestamps, ordinals } = rows;
  const table = new RowTable([jobId], new Uint32Array(starts.length), starts, ends, timestamps, ordinals);
  return name === 'logs' ? new LogBatch(bytes, table) : new MetricBatch(bytes, table);
}
