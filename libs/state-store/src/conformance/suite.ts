import { AssertionError } from 'node:assert/strict';
import { types } from 'node:util';
import type { Supports } from '../state-store.js';
import type { ConformanceCase } from './case.js';
import { TestClock, type Clock } from './clock.js';
import { Subject, type StoreUnderTest } from './subject.js';
import { THEMES } from './themes.js';

export type { StoreUnderTest } from './subject.js';

/** What the suite needs of a test runner: jest, vitest, mocha and node:test have both. */
export interface TestRunner {
  describe(name: string, body: () => void): unknown;
  /** Runners that know no timeout here ignore it. */
  it(name: string, body: () => Promise<void>, timeoutMs?: number): unknown;
}

export interface ConformanceOptions {
  readonly test: TestRunner;
  /** Opens an empty store, another one each time, whose time is this clock's. */
  readonly create: (clock: Clock) => Promise<StoreUnderTest>;
  /** What the store must be able to do: it has to declare just this, and is tested for just this. */
  readonly supports: Supports;
  /** False for a store behind a protocol that has no `restore`, as the state service's. Default: true. */
  readonly restores?: boolean;
  /** Of the random cases. Default: another one each time; a failure tells which, to be tried again. */
  readonly seed?: number;
}

/** Ample for a remote store; the cases themselves never wait for time to pass. */
const CASE_TIMEOUT_MS = 60_000;

/** Registers a case for everything that the contract asks of a store with these capabilities. */
export function stateStoreConformance(options: ConformanceOptions): void {
  const { describe, it } = options.test;
  const seed = options.seed ?? Math.floor(Math.random() * 2 ** 32);
  describe('state store conformance', () => {
    for (const theme of THEMES) {
      const cases = theme.cases.filter((test) => isFor(test, options));
      if (cases.length === 0) continue;
      describe(theme.name, () => {
        for (const test of cases) it(test.name, () => runCase(test, options, seed), CASE_TIMEOUT_MS);
      });
    }
  });
}

function isFor({ needs = [], restores }: ConformanceCase, options: ConformanceOptions): boolean {
  if (restores && options.restores === false) return false;
  return needs.every((need) => options.supports[need]);
}

async function runCase(test: ConformanceCase, options: ConformanceOptions, seed: number): Promise<void> {
  const clock = new TestClock();
  const under = await options.create(clock);
  const problem = problemOf(under);
  if (problem !== undefined)
    throw new TypeError(`create resolved to ${problem}, expected { store, dispose }`);
  const subject = new Subject(under, options.supports, clock, seed);
  let failure: { error: unknown } | undefined;
  try {
    await test.run(subject);
  } catch (error) {
    failure = { error: subject.isReopened ? afterReopening(error) : error };
  }
  try {
    await subject.dispose();
  } catch (error) {
    // What went wrong first tells more.
    failure ??= { error };
  }
  if (failure !== undefined) throw failure.error;
}

/** What authors in JavaScript get wrong first. */
function problemOf(under: Partial<StoreUnderTest> | null | undefined): string | undefined {
  if (typeof under !== 'object' || under === null) return under === null ? 'null' : typeof under;
  if (typeof under.store !== 'object') return 'an object without a store';
  return typeof under.dispose === 'function' ? undefined : 'an object without dispose';
}

/** Most cases look twice, at what was just written and at what is found again: the failure tells which look it was. */
function afterReopening(error: unknown): unknown {
  if (!types.isNativeError(error)) return error;
  const what = error instanceof AssertionError ? error.message : String(error);
  const failure = new AssertionError({ message: `after the store was closed and opened again: ${what}` });
  failure.cause = error;
  return failure;
}
