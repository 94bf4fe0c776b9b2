import type { JobReport, OrphanReport, Problem, TotalReport } from '../verify/verify-report.js';
import { verifyLocalStore, type VerifyOptions } from '../verify/verify-store.js';

/** All that a verification says. `shared`: problems of no job. */
export async function verifyAll(options: VerifyOptions) {
  const shared: Problem[] = [];
  const jobs = new Map<string, JobReport>();
  const orphans: OrphanReport[] = [];
  let total: TotalReport | undefined;
  for await (const report of verifyLocalStore(options)) {
    if (report.kind === 'job') jobs.set(report.jobId, report);
    else if (report.kind === 'orphan') orphans.push(report);
    else if (report.kind === 'total') total = report;
    else shared.push(...report.problems);
  }
  if (total === undefined) throw new Error('there is no total');
  return { shared, jobs, orphans, total };
}
