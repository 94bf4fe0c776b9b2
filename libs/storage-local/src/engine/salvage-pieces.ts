import type { BlockRows } from '../block/block-rows.js';
import type { EngineCore } from './engine-core.js';
import type { EngineEvent } from './engine-options.js';
import { graveKey } from './job-table.js';
import { replayRows } from './replay-rows.js';
import { inOrder, joinRows, RowBuffer } from './row-buffer.js';
import { rowStream } from './row-totals.js';
import type { RunPiece } from './run-directory.js';
import type { DamagedPiece } from './runs.js';

/**
 * Tells of damaged pieces of runs, and finds those of their rows that the log still has; the others become gaps. Their jobs are sealed soon:
 * the log may be trimmed as if the pieces were whole.
 */
export async function salvagePieces(
  core: EngineCore,
  damaged: readonly DamagedPiece[],
): Promise<ReadonlyMap<number, BlockRows>> {
  const { log, table, options, sealer } = core;
  const byArea = new Map<string, { piece: RunPiece; found: BlockRows[] }[]>();
  for (const one of damaged) {
    options.onEvent(damagedEvent(one));
    const { piece } = one;
    const key = graveKey(piece.area, piece.jobId);
    byArea.set(key, [...(byArea.get(key) ?? []), { piece, found: [] }]);
  }
  const missing = {
    isMissing: (_: unknown, key: string, ordinal: bigint, stream: () => number) =>
      byArea.get(key)?.some(({ piece }) => hasRow(piece, ordinal, stream)) ?? false,
  };
  await replayRows(
    { log, table, from: undefined },
    missing,
    (job, _area, { entry, picked, first, position }) => {
      const buffer = new RowBuffer(position);
      buffer.add({ bytes: entry.bytes, table: entry.table, picked }, 0, picked.length, first, Infinity);
      for (const { found } of byArea.get(graveKey(entry.kind, job.jobId)) ?? []) found.push(buffer.rows());
    },
  );
  const salvaged = new Map<number, BlockRows>();
  for (const { piece, found } of [...byArea.values()].flat()) {
    const all = joinRows(found);
    const isOwn = (row: number): boolean =>
      hasRow(piece, all.ordinals[row], () => rowStream(piece.area, all, row));
    salvaged.set(piece.index, inOrder(all, isOwn));
  }
  if (core.isRecovered)
    for (const { piece } of damaged) {
      const job = table.jobs.get(piece.jobId);
      const area = job?.[piece.area];
      if (job && area && table.pending.has(area)) sealer.seal(job, piece.area, area, true);
    }
  return salvaged;
}

export function damagedEvent({ run, piece, reason }: DamagedPiece): EngineEvent {
  const { jobId, area } = piece;
  return { type: 'run-damaged', path: run.path, reason, jobId, area };
}

/** All rows that a stream has between the first and the last are the piece's. */
function hasRow({ totals }: RunPiece, ordinal: bigint, stream: () => number): boolean {
  const near = totals.filter(
    ({ firstOrdinal, lastOrdinal }) => ordinal >= firstOrdinal && ordinal <= lastOrdinal,
  );
  return near.length > 0 && near.some((total) => total.stream === stream());
}
