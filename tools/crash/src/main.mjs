// `node src/main.mjs [KIND…] [--short] [--rounds N] [--seed N] [--quiet]`: kills the store, fails its system calls, takes
// its power, its space, its speed. Prints one JSON line for each kind; ends with 1 at the first thing that is wrong, and
// leaves the directory then. The same seed makes the same calls; when they meet is up to the machine.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { failSystemCalls } from './faults.mjs';
import { fillDisk } from './full-disk.mjs';
import { killAgainAndAgain } from './kill.mjs';
import { killPersist } from './persist-kill.mjs';
import { losePower } from './power.mjs';
import { slowDown } from './slow-disk.mjs';

/** What each kind runs, and its rounds in the short form, which CI runs, and in the long one. */
const KINDS = {
  kill: { run: killAgainAndAgain, short: 4, long: 500 },
  faults: { run: failSystemCalls, short: 1, long: 40 },
  power: { run: losePower, short: 1, long: 25 },
  'full-disk': { run: fillDisk, short: 1, long: 40 },
  'slow-disk': { run: slowDown, short: 1, long: 60 },
  persist: { run: killPersist, short: 2, long: 10 },
};

const { values, positionals } = parseArgs({
  options: {
    seed: { type: 'string' },
    rounds: { type: 'string' },
    short: { type: 'boolean', default: false },
    quiet: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
for (const kind of positionals.length > 0 ? positionals : Object.keys(KINDS)) await runKind(kind);

async function runKind(kind) {
  const known = KINDS[kind];
  if (!known) throw new Error(`found ${kind}, expected one of ${Object.keys(KINDS).join(', ')}`);
  const folder = await mkdtemp(join(process.env.CRASH_FOLDER ?? tmpdir(), `joblet-crash-${kind}-`));
  const rounds = Number(values.rounds ?? (values.short ? known.short : known.long));
  const report = values.quiet
    ? undefined
    : (counts) => process.stderr.write(`${kind} ${JSON.stringify(counts)}\n`);
  const start = performance.now();
  try {
    const options = { directory: join(folder, 'store'), seed, rounds, isShort: values.short, report };
    const counts = await known.run(options);
    const seconds = Math.round((performance.now() - start) / 1_000);
    process.stdout.write(`${JSON.stringify({ kind, seed, ...counts, seconds })}\n`);
    await rm(folder, { recursive: true });
  } catch (error) {
    process.stderr.write(`${kind}, seed ${seed}, left in ${folder}:\n${error.stack}\n`);
    process.exit(1);
  }
}
