import type { WriteAheadLog } from '@joblet/wal';
import type { CommitQueue } from './commit-queue.js';
import type { DataFiles } from './data-files.js';
import type { Deletions } from './deletions.js';
import type { EngineOptions } from './engine-options.js';
import type { FreeSpace } from './free-space.js';
import type { JobTable } from './job-table.js';
import type { RowMemory } from './row-memory.js';
import type { RunStore } from './runs.js';
import type { Sealer } from './sealer.js';

/** What the parts of the engine share. */
export interface EngineCore {
  readonly options: EngineOptions;
  readonly table: JobTable;
  readonly memory: RowMemory;
  readonly runs: RunStore;
  readonly files: DataFiles;
  readonly deletions: Deletions;
  readonly space: FreeSpace;
  readonly sealer: Sealer;
  readonly queue: CommitQueue;
  readonly log: WriteAheadLog;
  /** Behind the newest record whose rows are in memory. */
  applied: bigint;
  /** False while a start finds out what is where: until then nothing may go. */
  isRecovered: boolean;
  /** Of something in the background, which will be tried again. */
  readonly tellFailed: (doing: string, error: unknown) => void;
}
