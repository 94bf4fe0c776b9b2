import { join } from 'node:path';
import { LOG_DIRECTORY, OWN_DIRECTORY, RUNS_DIRECTORY } from '../format/file-names.js';
import { namesIn } from './path-problems.js';
import type { Pending, StorePaths } from './read-pending.js';
import type { Problem } from './verify-report.js';

/** What is wrong with what no job has for itself, log and runs apart. */
export async function sharedProblems(
  { base, logs, metrics }: StorePaths,
  { recorded }: Pending,
): Promise<Problem[]> {
  const own = [...new Set([base, logs, metrics])].map((path) => join(path, OWN_DIRECTORY));
  const places = [...own, join(base, LOG_DIRECTORY), join(base, RUNS_DIRECTORY), logs, metrics];
  const problems: Problem[] = [];
  for (const path of new Set(places)) {
    const names = await namesIn(path);
    if (typeof names === 'string') problems.push({ path, problem: names });
  }
  return [...problems, ...recorded.problems];
}
