import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { describe, type Fault } from './config-problems.js';
import type { Places } from './places.js';
import type { TextAt } from './rules.js';

/**
 * Each folder in the folders of logs and metrics is taken for a job: neither may have the other in it, nor base_dir
 * with all its folders. Both may be the same.
 */
export function folderFaults(
  textAt: TextAt,
  chosen: ReadonlyMap<string, unknown>,
  { folder, baseDir }: Places,
): Fault[] {
  if (!chosen.has('local')) return [];
  const [logs, metrics] = ['logs', 'metrics'].map((kind) => {
    const name = `persist.storage.local.${kind}.directory`;
    const named = textAt(name);
    return { name, isNamed: named !== undefined, path: resolve(folder, named ?? join(baseDir, kind)) };
  });
  const faults = [logs, metrics].flatMap(({ name, path }) => {
    if (!isWithin(path, baseDir)) return [];
    const relation = path === baseDir ? 'is not' : 'is not above';
    return [fault(name, path, `${relation} persist.storage.base_dir (${describe(baseDir)})`)];
  });
  if (faults.length > 0 || logs.path === metrics.path) return faults;
  // The one that the file names; a default cannot be wrong.
  const [wrong, right] = metrics.isNamed ? [metrics, logs] : [logs, metrics];
  const other = `${right.name} (${describe(right.path)})`;
  if (isWithin(right.path, wrong.path)) return [fault(wrong.name, wrong.path, `is not below ${other}`)];
  if (isWithin(wrong.path, right.path)) return [fault(wrong.name, wrong.path, `is not above ${other}`)];
  return [];
}

function fault(name: string, path: string, relation: string): Fault {
  const expected = `a folder that ${relation}: each folder in it is taken for a job`;
  return { path: name.split('.'), found: describe(path), expected };
}

/** Whether a path is the folder or below it. */
function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
