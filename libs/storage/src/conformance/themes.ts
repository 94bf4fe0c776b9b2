import { atomicity } from './atomicity.js';
import type { Theme } from './case.js';
import { closing } from './closing.js';
import { counts } from './counts.js';
import { declaration } from './declaration.js';
import { deletion } from './deletion.js';
import { endRecords } from './end-records.js';
import { filters } from './filters.js';
import { idempotentWrites } from './idempotent-writes.js';
import { jobIds } from './job-ids.js';
import { largeRows } from './large-rows.js';
import { leaving } from './leaving.js';
import { listing } from './listing.js';
import { logContent } from './log-content.js';
import { metricContent } from './metric-content.js';
import { metricsDeletion } from './metrics-deletion.js';
import { order } from './order.js';
import { random } from './random.js';
import { resume } from './resume.js';
import { retention } from './retention.js';
import { statistics } from './statistics.js';
import { unknownJobs } from './unknown-jobs.js';
import { windows } from './windows.js';

export const THEMES: readonly Theme[] = [
  declaration,
  logContent,
  metricContent,
  largeRows,
  order,
  atomicity,
  windows,
  counts,
  resume,
  filters,
  jobIds,
  unknownJobs,
  deletion,
  leaving,
  closing,
  listing,
  statistics,
  retention,
  metricsDeletion,
  idempotentWrites,
  endRecords,
  random,
];
