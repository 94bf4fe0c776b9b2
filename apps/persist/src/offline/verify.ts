import { loadConfig, type JobletConfig } from '@joblet/config';
import { StorageError } from '@joblet/storage';
import type { Problem, VerifyReport } from '@joblet/storage-local';
import { PROGRESS_INTERVAL_MS } from '../limits.js';
import { EXIT_ALL_RIGHT, EXIT_DAMAGED } from './exit-codes.js';
import { offlineCommand, runOffline } from './offline-command.js';
import { print, shown, size, toJson, type Terminal } from './terminal.js';

const HELP = `
Reads everything that the local store has on the disk: the write-ahead log, every block of every job with its checksum, every index
against its blocks, the numbers of the rows against each other and against the index of jobs, and what belongs to nothing. What cannot
be read is named, and all else is looked at. It changes nothing, and may run beside persist.

With --repair, which needs persist to be stopped: removes files that were being made and indexes without data, and makes
wrong indexes anew. Rows are never touched, nor is a folder with anything in it.

Exit codes:
  0   all right
  1   something is damaged, or rows are missing
  64  wrong usage, or wrong configuration
  69  there is no base_dir that can be read or, to repair it, the store is in use`;

interface Options {
  readonly config?: string;
  readonly repair: boolean;
  readonly json: boolean;
}

/** `persist verify`; resolves to the exit code. */
export function runVerify(argv: readonly string[], terminal: Terminal): Promise<number> {
  const command = offlineCommand('verify', 'Checks what is on the disk.')
    .argument('[JOB...]', 'only these jobs')
    .option('--config <file>', 'the joblet-config.yml to use; found as persist finds it')
    .option('--repair', 'remove what belongs to nothing, make wrong indexes anew', false)
    .option('--json', 'print one JSON document: {"reports": […]}; 64-bit numbers are strings', false)
    .addHelpText('after', HELP);
  return runOffline(command, argv, terminal, async () => {
    const { config, repair, json } = command.opts<Options>();
    const loaded = await loadConfig({ file: config, program: 'persist' });
    return verify({ ...storeOf(loaded.config), jobIds: command.args, repair, json }, terminal);
  });
}

function storeOf({ persist }: JobletConfig) {
  const { type, base_dir, local } = persist.storage;
  if (type !== 'local') {
    throw new StorageError(
      'INVALID_ARGUMENT',
      `persist.storage.type is ${type}; only the local store can be verified`,
    );
  }
  const { logs, metrics } = local;
  return { baseDirectory: base_dir, logsDirectory: logs.directory, metricsDirectory: metrics.directory };
}

interface VerifyRequest extends ReturnType<typeof storeOf> {
  /** None: all. */
  readonly jobIds: readonly string[];
  readonly repair: boolean;
  readonly json: boolean;
}

async function verify(
  { jobIds, json, ...store }: VerifyRequest,
  { stdout, stderr }: Terminal,
): Promise<number> {
  const { verifyLocalStore } = await import('@joblet/storage-local');
  const progress = progressLine(stderr);
  let isDamaged = false;
  let separator = '{"reports":[\n';
  const reports = verifyLocalStore({
    ...store,
    ...(jobIds.length > 0 && { jobIds }),
    onBytes: progress.add,
  });
  try {
    for await (const report of reports) {
      if (report.kind === 'job') progress.jobs++;
      if (report.kind === 'total') isDamaged = report.problems > 0;
      const text = json ? separator + toJson(report) : textOf(report, jobIds.length > 0);
      separator = ',\n';
      if (text === '') continue;
      progress.clear();
      await print(stdout, text);
    }
  } finally {
    progress.clear();
  }
  if (json) await print(stdout, '\n]}\n');
  return isDamaged ? EXIT_DAMAGED : EXIT_ALL_RIGHT;
}

/** For a person: of what is all right, only the sum, unless it was asked for by name. */
function textOf(report: VerifyReport, isNamed: boolean): string {
  switch (report.kind) {
    case 'log': {
      const { path, segments, records, rows, bytes, problems, notes } = report;
      const about = `log ${path}: ${segments} files, ${records} records, ${rows} rows, ${size(bytes)}`;
      return lines([about, ...notes, ...problems.map(problemLine)]);
    }
    case 'store':
      return lines(report.problems.map(problemLine));
    case 'run': {
      const { path, pieces, rows, problems } = report;
      return lines([`run ${path}: ${rows} rows of ${pieces} jobs`, ...problems.map(problemLine)]);
    }
    case 'job': {
      const { jobId, files, rows, missingRows, problems, notes } = report;
      if (!isNamed && problems.length === 0) return '';
      const missing = missingRows > 0n ? `, ${missingRows} missing` : '';
      const about = files.map(
        ({ path, bytes, blocks, rows: own, index }) =>
          `  ${path}: ${size(bytes)}, ${blocks} blocks, ${own} rows, index: ${index}`,
      );
      return lines([
        `job ${jobId}: ${rows} rows${missing}`,
        ...about,
        ...notes,
        ...problems.map(problemLine),
      ]);
    }
    case 'orphan':
      return lines([`${report.removed ? 'removed' : 'orphan'}: ${report.path}: ${report.what}`]);
    case 'total': {
      const { jobs, damagedJobs, rows, bytes, problems, missingRows, gaps, repaired, orphans } = report;
      const found = [
        problems > 0 ? `${problems} problems, ${damagedJobs} damaged jobs` : 'all right',
        ...(missingRows > 0n ? [`${missingRows} rows missing in ${gaps} places`] : []),
        ...(repaired > 0 ? [`${repaired} repaired`] : []),
        ...(orphans > 0 ? [`${orphans} orphans`] : []),
      ];
      return lines([`${jobs} jobs, ${rows} rows in files, ${size(bytes)}: ${found.join(', ')}`]);
    }
  }
}

function problemLine({ path, problem, repaired }: Problem): string {
  return `${repaired ? 'repaired' : 'damaged'}: ${path}: ${problem}`;
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${shown(text)}\n`).join('');
}

/** How far it is, on a terminal only: how much there is in all is not known before it has been read. */
function progressLine(stderr: Terminal['stderr']) {
  let bytes = 0;
  let shownAtMs = performance.now();
  let isShown = false;
  return {
    jobs: 0,
    add(more: number): void {
      bytes += more;
      const nowMs = performance.now();
      if (!stderr.isTTY || nowMs - shownAtMs < PROGRESS_INTERVAL_MS) return;
      shownAtMs = nowMs;
      isShown = true;
      stderr.write(`\r${CLEAR_LINE}${this.jobs} jobs, ${size(bytes)} read`);
    },
    clear(): void {
      if (isShown) stderr.write(`\r${CLEAR_LINE}`);
      isShown = false;
    },
  };
}

const CLEAR_LINE = '\x1b[K';
