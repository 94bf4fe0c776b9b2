import assert from 'node:assert/strict';
import { checkStore } from './check-store.mjs';
import { History } from './history.mjs';
import { seeded } from './random.mjs';
import { runWriter, SMALL_STORE } from './run-writer.mjs';

const CALLS_UNDER_WAY = 64;
/** A Node process with this code and its modules; a flood that is held in memory is far more. */
const MEMORY_MAX_BYTES = 400 * 1024 * 1024;

/** Every sync and write takes 30 ms for `seconds`, under a flood: nothing is lost, memory stays bounded. */
export async function slowDown({ directory, seed, rounds: seconds, report }) {
  const history = new History(seed);
  const faults = () => [
    ...['-e', 'trace=fdatasync,fsync,pwrite64,pwritev'],
    ...['-e', 'inject=fdatasync,fsync,pwrite64,pwritev:delay_enter=30000'],
  ];
  const run = await runWriter(directory, history, {
    faults,
    underWay: CALLS_UNDER_WAY,
    onLine: (line, child) =>
      line.startsWith('open') && setTimeout(() => child.kill('SIGTERM'), seconds * 1_000),
  });
  const { calls, ok, refused } = history.counts;
  report?.(history.counts);
  assert.equal(ok, calls, `${calls - ok} calls were not acknowledged, ${refused} refused`);
  assert.ok(
    run.memoryBytes < MEMORY_MAX_BYTES,
    `found ${run.memoryBytes} bytes of memory, expected less than ${MEMORY_MAX_BYTES}`,
  );
  const rowsCompared = await checkStore(directory, history, { random: seeded(seed), store: SMALL_STORE });
  return { ...history.counts, rowsCompared, memoryMiB: Math.round(run.memoryBytes / 2 ** 20) };
}
