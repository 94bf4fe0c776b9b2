import { readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { checkStore } from './check-store.mjs';
import { History } from './history.mjs';
import { JOBS } from './operations.mjs';
import { seededBy } from './random.mjs';
import { runWriter, SMALL_STORE } from './run-writer.mjs';

/** Which calls fail, as strace names them. Together: an operation and what would undo it. */
const CALLS = [
  'fdatasync',
  'fsync',
  'pwrite64',
  'pwritev',
  'write',
  'openat',
  'rename',
  'unlink',
  'mkdir',
  'rmdir',
  'ftruncate',
  'fdatasync,fsync',
  'pwrite64,pwritev,ftruncate',
  'rename,unlink,openat',
];
const SHORT_CALLS = ['fdatasync', 'pwrite64', 'pwritev', 'openat', 'rename,unlink,openat'];
const ERRORS = ['EIO', 'ENOSPC'];
/** `n`: once; `n+m`: again and again; `n..m`: for a while. */
const OCCASIONS = [(n) => `${n}`, (n) => `${n}+${7 + (n % 50)}`, (n) => `${n}..${n + 2 + (n % 9)}`];
const CALLS_OF_A_RUN = 150;

/**
 * Each system call that changes a disk fails at the n-th time, n growing with the rounds, on one directory. Writes may
 * be refused; what was acknowledged must be there, what was refused must not, and the store must go on by itself.
 * Every fourth run is killed as well.
 */
export async function failSystemCalls({ directory, seed, rounds, isShort, report }) {
  const history = new History(seed);
  const counts = { runs: 0, runsWithFailures: 0, deaths: 0, rowsCompared: 0, refusals: {} };
  for (let round = 0; round < rounds; round++) {
    for (const call of isShort ? SHORT_CALLS : CALLS) {
      const random = seededBy(seed, counts.runs);
      const growing = 1 + round + Math.floor(random() ** 2 * 40);
      const error = ERRORS[counts.runs % 2];
      const when = OCCASIONS[Math.floor(random() * OCCASIONS.length)](growing);
      const killAfter = counts.runs % 4 === 3 ? 20 + Math.floor(random() * 80) : Infinity;
      // libuv wakes its loop by writing to an eventfd and ends the process when that fails: only the store's files.
      const paths = call === 'write' ? () => pathsOf(directory) : () => [];
      const faults = () => [
        ...paths(),
        '-e',
        `trace=${call}`,
        '-e',
        `inject=${call}:error=${error}:when=${when}`,
      ];
      let acknowledged = 0;
      const run = await runWriter(directory, history, {
        count: CALLS_OF_A_RUN,
        faults,
        onLine: (line, child) => {
          if (line.startsWith('ok') && ++acknowledged === killAfter) child.kill('SIGKILL');
        },
      });
      counts.runs++;
      if (!run.opened) throw new Error(`the writer did not open the store: ${run.errors}`);
      if (run.because.size > 0) counts.runsWithFailures++;
      if (run.code !== 0 && run.signal === null && run.code !== 1)
        throw new Error(`${call} ${error} ${when}: the writer ended with ${run.code}: ${run.errors}`);
      if (run.signal !== null && killAfter === Infinity) counts.deaths++;
      counts.refusals[call] =
        (counts.refusals[call] ?? 0) + [...run.because.values()].reduce((sum, n) => sum + n, 0);
      try {
        counts.rowsCompared += await checkStore(directory, history, { random, store: SMALL_STORE });
      } catch (problem) {
        problem.message = `after ${call} ${error} when=${when}: ${problem.message}`;
        throw problem;
      }
      report?.({ ...counts, ...history.counts });
    }
    // A new directory now and then: the first of everything is made again.
    if (round % 5 === 4) {
      await rm(directory, { recursive: true });
      history.startAnew();
    }
  }
  return { ...counts, ...history.counts };
}

/** What is there now, and the files that jobs will have. */
function pathsOf(directory) {
  const present = readdirSync(directory, { recursive: true }).slice(0, 200);
  const coming = JOBS.flatMap((job) => [`logs/${job}/stdout.log.gz`, `logs/${job}/stderr.log.gz`]);
  return [...new Set([...present, ...coming])].flatMap((name) => ['-P', join(directory, name)]);
}
