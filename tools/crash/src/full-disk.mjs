import { spawnSync } from 'node:child_process';
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkStore } from './check-store.mjs';
import { History } from './history.mjs';
import { seeded } from './random.mjs';
import { runWriter, SMALL_STORE } from './run-writer.mjs';

const SIZE_MIB = 24;
const REFUSALS = 20;
const ACKNOWLEDGED_AGAIN = 100;

/**
 * A small file system fills up while a store writes to it, some of it is freed, again and again: the writer must be
 * refused rather than lose anything, and go on in the same process when there is space. With the store's reserve and
 * without, where the disk is full in the middle of anything.
 */
export async function fillDisk({ directory, seed, rounds, report }) {
  const counts = { fills: 0, refused: 0, acknowledgedAfter: 0, rowsCompared: 0 };
  const random = seeded(seed);
  const mount = `${directory}-disk`;
  await mkdir(mount, { recursive: true });
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MIB}m`, 'tmpfs', mount]).status !== 0)
    return { leftOut: 'no right to mount a tmpfs' };
  try {
    for (let round = 0; round < rounds; round++) {
      const history = new History(seed + round);
      const store = { ...SMALL_STORE, reserveBytes: round % 2 === 0 ? 1024 * 1024 : 0 };
      await fillAndFree({ mount, history, store, random, counts });
      counts.rowsCompared += await checkStore(join(mount, 'store'), history, { random, store });
      await rm(join(mount, 'store'), { recursive: true });
      report?.(counts);
    }
    return counts;
  } finally {
    spawnSync('umount', ['-l', mount]);
  }
}

async function fillAndFree({ mount, history, store, random, counts }) {
  const ballast = join(mount, 'ballast');
  let refusedNow = 0;
  let acknowledgedNow = 0;
  let isFull = false;
  let fills = 1 + Math.floor(random() * 3);
  // What else happens on the disk: another program's file takes all but a little, and goes.
  const fill = async () => {
    const { bavail, bsize } = await statfs(mount);
    const left = (32 + random() * 300) * 1024;
    // The store writes at the same time: what is left may be too little for the file, and the disk is full then.
    await writeFile(ballast, Buffer.alloc(Math.max(0, bavail * bsize - left))).catch(unlessFull);
    isFull = true;
    refusedNow = acknowledgedNow = 0;
  };
  await mkdir(join(mount, 'store'));
  let problem;
  let step = Promise.resolve();
  const next = (work, child) => {
    step = step.then(work).catch((error) => {
      problem ??= error;
      child.kill('SIGKILL');
    });
  };
  await runWriter(join(mount, 'store'), history, {
    store,
    onLine: (line, child) => {
      if (line.startsWith('open')) next(fill, child);
      if (line.startsWith('no ') && isFull && ++refusedNow === REFUSALS) {
        isFull = false;
        acknowledgedNow = 0;
        counts.fills++;
        counts.refused += refusedNow;
        next(() => rm(ballast), child);
      }
      if (line.startsWith('ok ') && counts.fills > 0 && !isFull && ++acknowledgedNow === ACKNOWLEDGED_AGAIN) {
        counts.acknowledgedAfter += acknowledgedNow;
        if (--fills > 0) next(fill, child);
        else child.kill(random() < 0.5 ? 'SIGTERM' : 'SIGKILL');
      }
    },
  });
  await step;
  if (problem) throw problem;
  await rm(ballast, { force: true });
}

function unlessFull(error) {
  if (error.code !== 'ENOSPC') throw error;
}
