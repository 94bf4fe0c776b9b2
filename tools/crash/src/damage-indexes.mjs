import { copyFile, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pick } from './random.mjs';

/** Deletes, cuts, changes and exchanges some of the indexes. What the store answers must not change. Resolves to how many. */
export async function damageIndexes(directory, random) {
  const names = await readdir(directory, { recursive: true });
  const indexes = names.filter((name) => /\.(idx|flt)$/.test(name)).map((name) => join(directory, name));
  let damaged = 0;
  for (const path of indexes) {
    const kind = random();
    if (kind < 0.4) continue;
    damaged++;
    const bytes = await readFile(path);
    if (kind < 0.55 || bytes.length === 0) await rm(path);
    else if (kind < 0.7) await truncate(path, Math.floor(random() * bytes.length));
    else if (kind < 0.85) {
      bytes[Math.floor(random() * bytes.length)] ^= 1 << Math.floor(random() * 8);
      await writeFile(path, bytes);
    } else await copyFile(pick(random, indexes), path).catch(() => undefined);
  }
  return damaged;
}
