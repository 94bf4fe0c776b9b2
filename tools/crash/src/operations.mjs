import { pick, seededBy } from './random.mjs';

/** Few, so that each has many rows; one of them is a name that a folder of the store's own could have. */
export const JOBS = ['job-0', 'job-1', 'job-2', 'job-3', 'job-4', 'wal'];

const ROWS_PER_CALL_MAX = 40;
const WORDS = [
  'GET /index.html',
  'connection closed',
  'ümlaut',
  'user=alice',
  '<b>&amp;</b>',
  'deadbeef',
  '\t{"a":1}',
];
const TIME = 1_763_600_000_000_000_000n;

/**
 * What call `id` of the run with this seed does: a pure function, so that whoever checks knows each byte without being
 * told. Calls are writes mostly, now and then a delete or an end record.
 */
export function operation(seed, id) {
  const random = seededBy(seed, id);
  const kind = random();
  if (kind < 0.02) return { kind: 'delete', job: pick(random, JOBS) };
  if (kind < 0.04) return { kind: 'end', job: pick(random, JOBS), time: TIME + BigInt(id) };
  const isMetrics = kind < 0.14;
  const jobs = JOBS.filter(() => random() < 0.4);
  if (jobs.length === 0) jobs.push(pick(random, JOBS));
  const rows = [];
  const count = 1 + Math.floor(random() ** 3 * ROWS_PER_CALL_MAX);
  for (const job of jobs) for (let index = 0; index < count; index++) rows.push({ job, number: rows.length });
  // The rows of several jobs in turn, as lines arrive.
  if (random() < 0.5) rows.sort((a, b) => (a.number % count) - (b.number % count));
  return {
    kind: isMetrics ? 'metrics' : 'logs',
    jobs,
    rows: rows.map(({ job }, index) =>
      isMetrics ? metric(random, id, job, index) : line(random, id, job, index),
    ),
  };
}

/** The call that a stored row came with, by its sequence number. */
export function callOf(sequence) {
  return Number(sequence >> 16n);
}

function line(random, id, jobId, index) {
  return { ...common(id, jobId, index), stream: random() < 0.7 ? 1 : 2, content: content(random, id, index) };
}

function metric(random, id, jobId, index) {
  return {
    ...common(id, jobId, index),
    data: {
      cpuUsage: Math.round(random() * 1e6) / 1e6,
      memoryUsage: BigInt(Math.floor(random() * 2 ** 40)),
      gpuUsage: 0,
    },
  };
}

function common(id, jobId, index) {
  // Times go back now and then, as clocks do.
  const jitter = id % 7 === 0 ? -5_000n : 0n;
  return {
    jobId,
    timestamp: TIME + BigInt(id) * 1_000n + jitter,
    sequence: (BigInt(id) << 16n) | BigInt(index),
  };
}

function content(random, id, index) {
  const shape = random();
  if (shape < 0.02) return Buffer.alloc(0);
  if (shape < 0.06) return bytes(random, 1 + Math.floor(random() * 300));
  const length = shape > 0.99 ? 20_000 : 20 + Math.floor(random() * 280);
  let text = `${id}.${index} `;
  while (text.length < length)
    text += `${pick(random, WORDS)} ${Math.floor(random() * 2 ** 32).toString(16)} `;
  return Buffer.from(text);
}

function bytes(random, length) {
  return Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));
}
