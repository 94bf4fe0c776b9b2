import type { Area, JobTable } from './job-table.js';
import type { MemoryPart, Part } from './part.js';
import type { RowMemory } from './row-memory.js';
import type { NewPiece } from './run-file.js';
import type { RunStore } from './runs.js';

/**
 * Writes what the areas have in memory to one run, with one sync, and lets go of it. `position`: behind the newest log record
 * whose rows may be among them. Areas that are busy are left out.
 */
export async function spill(
  { table, memory, runs }: { table: JobTable; memory: RowMemory; runs: RunStore },
  areas: readonly Area[],
  position: bigint,
): Promise<void> {
  const pieces: NewPiece[] = [];
  const spilled: { area: Area; part: MemoryPart }[] = [];
  for (const area of areas) {
    const owner = table.pending.get(area);
    if (!owner || area.busy || area.isGone) continue;
    memory.freeze(area);
    for (const part of area.parts) {
      if (part.kind !== 'memory') continue;
      pieces.push({ jobId: owner.job.jobId, area: owner.name, rows: part.buffer.rows() });
      spilled.push({ area, part });
    }
  }
  if (pieces.length === 0) return;
  const writing = runs.write(pieces, position);
  const settled = writing.then(
    () => undefined,
    () => undefined,
  );
  const held = new Set(spilled.map(({ area }) => area));
  for (const area of held) area.busy = settled;
  try {
    const run = await writing;
    // In one turn: readers find the rows in the run from here on.
    const replaced = new Map<Part, Part>();
    spilled.forEach(({ area, part }, index) => {
      if (area.isGone) return;
      replaced.set(part, { kind: 'run', run, index });
      run.live++;
      memory.released(part);
    });
    for (const area of held) area.parts = area.parts.map((part) => replaced.get(part) ?? part);
  } finally {
    for (const area of held) area.busy = undefined;
  }
}
