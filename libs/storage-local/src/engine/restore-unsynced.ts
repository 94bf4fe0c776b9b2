import type { WriteAheadLog } from '@joblet/wal';
import type { OwnedFile } from './data-files.js';
import { graveKey, type JobTable } from './job-table.js';
import type { BlockRows } from '../block/block-rows.js';
import { replayRows } from './replay-rows.js';
import { loadPart, partFirst } from './part.js';
import { inOrder, joinRows, pickRows, RowBuffer } from './row-buffer.js';
import type { RowMemory } from './row-memory.js';
import { rowStream } from './row-totals.js';
import type { RunStore } from './runs.js';

/**
 * A sync of the file failed: what was appended since the last good one counts no more. Those rows come back from the log and from runs,
 * which both still have them, and go to a run of their own, so that they are durable before the file does without them.
 */
export async function restoreUnsynced(
  context: {
    readonly table: JobTable;
    readonly memory: RowMemory;
    readonly runs: RunStore;
    readonly log: WriteAheadLog;
    /** Behind the newest record whose rows are in memory. */
    readonly position: () => bigint;
  },
  { jobId, file }: OwnedFile,
): Promise<void> {
  const { table, runs, log } = context;
  const job = table.jobs.get(jobId);
  const name = file.stream === 0 ? 'metrics' : 'logs';
  const area = job?.[name];
  if (!job || !area || !area.files.includes(file)) return;
  while (area.busy) await area.busy;
  let done: () => void = () => undefined;
  area.busy = new Promise((resolve) => (done = resolve));
  try {
    const { counted, synced } = file;
    // Other files of the stream have what was before.
    const after = area.files
      .filter(({ stream }) => stream === file.stream)
      .map((other) => other.synced?.lastOrdinal ?? -1n)
      .reduce((last, ordinal) => (ordinal > last ? ordinal : last));
    const upTo = counted?.lastOrdinal ?? -1n;
    const isLost = (ordinal: bigint, stream: () => number): boolean =>
      ordinal > after && ordinal <= upTo && stream() === file.stream;
    const found: BlockRows[] = [];
    const have = new Set<bigint>();
    const keep = (rows: BlockRows): void => {
      const own = pickRows(rows, (row) => {
        const ordinal = rows.ordinals[row];
        return !have.has(ordinal) && isLost(ordinal, () => rowStream(name, rows, row));
      });
      for (const ordinal of own.ordinals) have.add(ordinal);
      if (own.starts.length > 0) found.push(own);
    };
    for (const { run, index } of area.unsynced) keep(await run.load(index));
    const key = graveKey(name, jobId);
    const missing = {
      isMissing: (_: unknown, of: string, ordinal: bigint, stream: () => number) =>
        of === key && isLost(ordinal, stream),
    };
    await replayRows(
      { log, table, from: undefined },
      missing,
      (_job, _area, { entry, picked, first, position }) => {
        const buffer = new RowBuffer(position);
        buffer.add({ bytes: entry.bytes, table: entry.table, picked }, 0, picked.length, first, Infinity);
        keep(buffer.rows());
      },
    );
    if (found.length > 0) {
      const lost = joinRows(found);
      const last = lost.ordinals.reduce((most, ordinal) => (ordinal > most ? ordinal : most));
      // What another file of the area has lost may lie between.
      const mixed = area.parts.filter((part) => partFirst(part) <= last);
      const all = joinRows([lost, ...(await Promise.all(mixed.map(loadPart)))]);
      const rows = inOrder(all, () => true);
      const run = await runs.write([{ jobId, area: name, rows }], context.position());
      if (area.isGone) return;
      run.live++;
      for (const part of mixed) {
        if (part.kind === 'memory') context.memory.dropped(part);
        else part.run.live--;
      }
      area.parts = [{ kind: 'run', run, index: 0 }, ...area.parts.slice(mixed.length)];
      table.pending.set(area, { job, name });
    }
    file.counted = synced;
    file.hasRest = true;
  } finally {
    area.busy = undefined;
    done();
  }
}
