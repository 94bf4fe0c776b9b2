import { IndexFiles } from '../block-index/index-files.js';
import { filterFileOf, indexFileOf } from '../format/file-names.js';
import { FileSnapshot } from '../read/file-snapshot.js';
import { openFile, removePath } from './path-problems.js';
import type { FileReport, JobReport, Problem } from './verify-report.js';

/** Makes wrong indexes of the job anew; what cannot be removed stays a problem that says so. */
export async function repairIndexes(job: JobReport): Promise<JobReport> {
  const wrong = job.files.filter(({ index }) => index === 'wrong');
  if (wrong.length === 0) return job;
  const made = new Map<string, FileReport | string>();
  const indexes = new IndexFiles();
  try {
    for (const file of wrong) made.set(file.path, await repairIndex(job.jobId, file, indexes));
  } finally {
    await indexes.close();
  }
  const repaired = (problem: Problem): Problem => {
    const found = problem.ofIndex ? made.get(dataFileOf(problem.path)) : undefined;
    if (found === undefined) return problem;
    return typeof found === 'string'
      ? { ...problem, problem: `${problem.problem}; ${found}` }
      : { ...problem, repaired: true };
  };
  const fileOf = (file: FileReport): FileReport => {
    const found = made.get(file.path);
    return typeof found === 'object' ? found : file;
  };
  return { ...job, files: job.files.map(fileOf), problems: job.problems.map(repaired) };
}

/** Resolves to why it is as it was, if it is. */
async function repairIndex(
  jobId: string,
  file: FileReport,
  indexes: IndexFiles,
): Promise<FileReport | string> {
  const { path, stream } = file;
  for (const part of [filterFileOf(path), indexFileOf(path)]) {
    const left = await removePath(part);
    if (left !== undefined) return left;
  }
  const data = openFile(path);
  if (!(data instanceof FileSnapshot)) return data ?? 'its data is gone';
  const indexed = { path, stream, jobId };
  try {
    await indexes.open(indexed, data);
    await indexes.idle();
    return { ...file, index: (await indexes.open(indexed, data)) ? 'whole' : 'none' };
  } finally {
    await data.close();
  }
}

function dataFileOf(path: string): string {
  return path.replace(/\.(idx|flt)$/, '');
}
