import type { Feature } from './features.js';
import type { LogStore } from './log-store.js';

/** What every store has. */
const METHODS = ['writeLogs', 'writeMetrics', 'readLogs', 'readMetrics', 'deleteJob', 'close'] as const;

/** The methods behind each feature: a store has them if, and only if, `supports` says so. */
export const FEATURES: readonly {
  readonly feature: Feature;
  readonly methods: readonly Extract<keyof LogStore, string>[];
}[] = [
  { feature: 'listJobs', methods: ['listJobs', 'getJobInfo'] },
  { feature: 'stats', methods: ['stats'] },
  { feature: 'retention', methods: ['cleanup'] },
  { feature: 'deleteMetrics', methods: ['deleteMetrics'] },
  { feature: 'idempotentWrites', methods: ['durableSources'] },
  { feature: 'endRecords', methods: ['endJob'] },
];

/**
 * What keeps a value from being a log store, each in a sentence; empty: it has the shape of one. For those who load a
 * store that somebody else wrote. A capability that the store does not name counts as false: it may be older.
 */
export function storeProblems(value: unknown): readonly string[] {
  if (!isObject(value)) return [`it is ${value === null ? 'null' : typeof value}, expected an object`];
  const { supports } = value;
  const problems: string[] = [];
  for (const name of METHODS) expectMethod(value, name, problems);
  if (typeof value[Symbol.asyncDispose] !== 'function')
    problems.push('[Symbol.asyncDispose] is missing, expected a method that closes it');
  if (!isObject(supports)) {
    problems.push('supports is missing, expected an object such as { durable: true, listJobs: false, … }');
    return problems;
  }
  for (const name of ['durable', ...FEATURES.map(({ feature }) => feature)]) {
    const declared = supports[name];
    if (declared !== undefined && typeof declared !== 'boolean')
      problems.push(`supports.${name} is ${JSON.stringify(declared)}, expected true or false`);
  }
  for (const { feature, methods } of FEATURES) {
    if (supports[feature] !== true) continue;
    for (const name of methods) expectMethod(value, name, problems, ` because supports.${feature} is true`);
  }
  return problems;
}

function expectMethod(store: Record<PropertyKey, unknown>, name: string, problems: string[], why = ''): void {
  const found = store[name];
  if (typeof found === 'function') return;
  problems.push(`${name} is ${found === undefined ? 'missing' : typeof found}, expected a method${why}`);
}

function isObject(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === 'object' && value !== null;
}
