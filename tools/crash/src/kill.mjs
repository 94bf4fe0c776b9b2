import { cp, rm } from 'node:fs/promises';
import { checkStore } from './check-store.mjs';
import { damageIndexes } from './damage-indexes.mjs';
import { History } from './history.mjs';
import { seeded } from './random.mjs';
import { runWriter, SMALL_STORE } from './run-writer.mjs';

/**
 * SIGKILL again and again on one directory. After each, a copy is opened and compared (so that the next process finds
 * what the kill left, not what a clean close made of it); every third time the directory itself, and its indexes are
 * then deleted, cut, changed and exchanged.
 */
export async function killAgainAndAgain({ directory, seed, rounds, callsMax = 300, report }) {
  const random = seeded(seed);
  const history = new History(seed);
  const counts = { kills: 0, rowsCompared: 0, indexesDamaged: 0 };
  for (; counts.kills < rounds; counts.kills++) {
    // Some die while they open.
    const delayMs = random() < 0.15 ? random() * 300 : undefined;
    const after = 1 + Math.floor(random() ** 2 * callsMax);
    const reuse = counts.kills % 3 !== 0;
    let acknowledged = 0;
    await runWriter(directory, history, {
      underWay: 1 + Math.floor(random() * 8),
      onLine: (line, child) => {
        if (line.startsWith('open') && delayMs !== undefined) child.kill('SIGKILL');
        if (line.startsWith('ok') && ++acknowledged >= after)
          setTimeout(() => child.kill('SIGKILL'), random() * 5);
      },
    });
    const checked = reuse ? `${directory}-copy` : directory;
    if (reuse) await cp(directory, checked, { recursive: true, filter: (path) => !path.endsWith('.sock') });
    counts.rowsCompared += await checkStore(checked, history, { random, store: SMALL_STORE });
    if (reuse) await rm(checked, { recursive: true });
    else counts.indexesDamaged += await damageIndexes(directory, random);
    report?.({ ...counts, ...history.counts });
  }
  return { ...counts, ...history.counts };
}
