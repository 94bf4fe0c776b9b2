import type { JobletConfig } from '@joblet/config';
import { messageOf, rateLimited, toError } from '@joblet/service';
import type { LogStoreContext } from '@joblet/storage';
import type { LocalStore, LocalStoreEvent } from '@joblet/storage-local';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Backend } from './backends.js';
import { BLOCK_FILL, LOG_INTERVAL_MS, SEGMENT_FAILED_MS } from './limits.js';

const KIB = 1024;
const MIB = 1024 * KIB;

type Figures = ReturnType<LocalStore['figures']>;

/** The local store, as the configuration says; what it tells goes to the log, and to /health and /metrics. */
export async function openLocalBackend(
  { storage, writer }: JobletConfig['persist'],
  { logger }: Pick<LogStoreContext, 'logger'>,
  nowMs: () => number = () => performance.now(),
): Promise<Backend> {
  const { openLocalStore } = await import('@joblet/storage-local');
  const { base_dir, local, compression } = storage;
  const log = rateLimited(logger, { intervalMs: LOG_INTERVAL_MS });
  let segmentFailure: { readonly message: string; readonly untilMs: number } | undefined;
  // Most of it for rows on their way to files: what is not logged yet is a few batches.
  const budgetBytes = (writer.queue_mb * MIB) / 4;
  const store = await openLocalStore({
    baseDirectory: base_dir,
    logsDirectory: local.logs.directory,
    metricsDirectory: local.metrics.directory,
    content: local.logs.content,
    compression: {
      logs: compression.enabled && local.logs.format === 'jsonl.gz',
      metrics: compression.enabled && local.metrics.format === 'jsonl.gz',
    },
    compressionLevel: compression.level,
    rotation: { logs: rotationOf(local.logs.rotation), metrics: rotationOf(local.metrics.rotation) },
    sync: writer.sync,
    syncIntervalMs: writer.sync_interval_ms,
    memoryBytes: 3 * budgetBytes,
    blockBytes: writer.block_kb * KIB * BLOCK_FILL,
    sealIdleMs: writer.seal_idle_seconds * 1_000,
    segmentBytes: writer.segment_mb * MIB,
    reserveBytes: writer.reserve_mb * MIB,
    onEvent: (event) => {
      if (event.type === 'segment-failed') {
        segmentFailure = { message: messageOf(event.error), untilMs: nowMs() + SEGMENT_FAILED_MS };
      }
      const { level, message } = lineOf(event);
      // Once for each job, which is rare enough.
      if (event.type === 'rotated-away') logger[level](fieldsOf(event), message);
      else log(level, event.type, fieldsOf(event), message);
    },
  });
  return {
    store,
    budgetBytes,
    copiesBatches: true,
    trouble: () => {
      const failed = segmentFailure && nowMs() < segmentFailure.untilMs ? segmentFailure.message : undefined;
      return troubleOf(store.figures(), failed);
    },
    register: (registry) => registerFigures(registry, () => store.figures()),
  };
}

function rotationOf({
  max_size_mb,
  max_files,
  compress_rotated,
}: JobletConfig['persist']['storage']['local']['logs']['rotation']): {
  maxBytes: number;
  maxFiles: number;
  compress: boolean;
} {
  return { maxBytes: max_size_mb * MIB, maxFiles: max_files, compress: compress_rotated };
}

/** What is to be told of the store's state; undefined: all is well. */
export function troubleOf(
  { isSpaceLow, freeBytes, parkedAreas }: Pick<Figures, 'isSpaceLow' | 'freeBytes' | 'parkedAreas'>,
  segmentFailure: string | undefined,
): string | undefined {
  if (isSpaceLow) {
    const free = Math.floor(freeBytes / MIB);
    return `only ${free} MiB are free: producers are held back until there is room (persist.writer.reserve_mb)`;
  }
  if (segmentFailure !== undefined)
    return `the write-ahead log failed, and goes on in a new file: ${segmentFailure}`;
  if (parkedAreas > 0) {
    return `the files of ${parkedAreas} jobs cannot be written: their rows are kept in the write-ahead log`;
  }
  return undefined;
}

interface Line {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
}

/** For the log. What the line does not say is in its fields. */
function lineOf(event: LocalStoreEvent): Line {
  switch (event.type) {
    case 'recovered':
      return { level: 'info', message: 'what the last stop had left in the write-ahead log is there again' };
    case 'old-intent':
      return { level: 'info', message: 'a change that the last version had under way is finished' };
    case 'torn-tail':
      return {
        level: 'info',
        message: 'the write-ahead log ended in a record of which nobody was told: it is cut off',
      };
    case 'log-hole':
      return { level: 'error', message: 'a part of the write-ahead log is lost: rows may be missing' };
    case 'foreign-segment':
      return {
        level: 'warn',
        message: 'a file of the write-ahead log is not of this log, and left where it is',
      };
    case 'segment-failed':
      return { level: 'error', message: 'the write-ahead log cannot be written: it goes on in a new file' };
    case 'sync-failed':
      return {
        level: 'error',
        message: 'a file could not be synced: what it may have lost is written again',
      };
    case 'job-index-rebuilt':
      return { level: 'warn', message: 'the index of jobs is missing or damaged: it is made anew' };
    case 'run-damaged':
      return { level: 'error', message: 'a run is damaged: rows in it may be missing' };
    case 'foreign-run':
      return { level: 'warn', message: 'a run is of another store: it is not used, and left where it is' };
    case 'job-unread':
      return {
        level: 'error',
        message:
          'files of a job could not be looked at: its new rows are kept beside them until the next start',
      };
    case 'job-parked':
      return {
        level: 'error',
        message: 'files of a job cannot be written: its rows are kept, and tried again',
      };
    case 'job-unparked':
      return { level: 'info', message: 'files of a job can be written again; nothing was lost' };
    case 'rows-left':
      return {
        level: 'info',
        message:
          'not all rows were put into the files of their jobs in time: the rest is in a run, and goes there after the next start',
      };
    case 'background-failed':
      return { level: 'warn', message: `${event.doing} failed and is tried again` };
    case 'rotated-away':
      return {
        level: 'warn',
        message: `a job has more ${event.area} than it may have (persist.storage.local.${event.area}.rotation): its oldest rows are removed, now and from here on`,
      };
    case 'space-low':
      return {
        level: 'error',
        message: 'the disk is nearly full: producers are held back until there is room',
      };
    case 'space-back':
      return { level: 'info', message: 'there is room on the disk again' };
    case 'foreign-job-id':
      return { level: 'warn', message: "rows of a job name another one: the folder's name counts" };
    case 'index-rebuilt':
      return { level: 'debug', message: 'an index is made anew' };
    case 'index-dropped':
      return { level: 'info', message: 'an index is not right: it is made anew when it is needed' };
    case 'index-failed':
      return { level: 'warn', message: 'an index cannot be written: queries take longer' };
  }
}

function fieldsOf(event: LocalStoreEvent): object {
  if (!('error' in event)) return event;
  const { error, ...fields } = event;
  return { ...fields, err: toError(error) };
}

/** Name, what for, and the figure. */
const GAUGES: readonly (readonly [name: string, help: string, of: (figures: Figures) => number])[] = [
  [
    'persist_pending_bytes',
    'Bytes of durable rows that are in memory, on their way to files',
    (f) => f.pendingBytes,
  ],
  ['persist_wal_bytes', 'Bytes of the write-ahead log', (f) => f.logBytes],
  ['persist_wal_segments', 'Files of the write-ahead log', (f) => f.logSegments],
  [
    'persist_runs',
    'Shared files with rows of many jobs, on their way to the files of the jobs',
    (f) => f.runs,
  ],
  ['persist_parked_jobs', 'Jobs whose files cannot be written at present', (f) => f.parkedAreas],
  ['persist_open_files', 'Data files that are open for writing', (f) => f.openFiles],
  ['persist_free_bytes', 'Free space where the data is', (f) => f.freeBytes],
  ['persist_space_low', '1 when less is free than persist.writer.reserve_mb', (f) => Number(f.isSpaceLow)],
  ['persist_jobs', 'Jobs that are known', (f) => f.jobs],
];

const COUNTERS: typeof GAUGES = [
  ['persist_blocks_sealed_total', 'Blocks that were compressed into files', (f) => f.blocksSealed],
  ['persist_file_syncs_total', 'Syncs of data files; those of the log not counted', (f) => f.fileSyncs],
  [
    'persist_files_rewritten_total',
    'Files that were made smaller: of ended jobs, and plain ones that were put aside',
    (f) => f.filesRewritten,
  ],
  [
    'persist_rotated_away_rows_total',
    'Rows of rotated files that were removed, being too many or too old',
    (f) => Number(f.lostRows),
  ],
  ['persist_rotated_away_bytes_total', 'Bytes of content of those rows', (f) => Number(f.lostBytes)],
];

function registerFigures(registry: Registry, figures: () => Figures): void {
  const registers = [registry];
  for (const [name, help, of] of GAUGES) {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(of(figures()));
      },
    });
  }
  for (const [name, help, of] of COUNTERS) {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(of(figures()));
      },
    });
  }
}
