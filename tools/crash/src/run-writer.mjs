import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const WRITER = fileURLToPath(new URL('./writer.mjs', import.meta.url));

/** Small, so that a second of work has hundreds of blocks, runs, checkpoints and trims. */
export const SMALL_STORE = {
  memoryBytes: 384 * 1024,
  blockBytes: 16 * 1024,
  segmentBytes: 64 * 1024,
  sealIdleMs: 150,
  endedIdleMs: 500,
};

/** libuv's threads are one, so that strace, which counts for each thread, counts them all. */
const ENVIRONMENT = { ...process.env, NODE_OPTIONS: '', UV_THREADPOOL_SIZE: '1', UV_USE_IO_URING: '0' };

/**
 * Runs a writer from the history's next call on, feeds the history, and resolves when the process has ended.
 * `onLine(line, child)` may kill it. `faults`: what strace makes of its system calls once the store is open.
 */
export async function runWriter(directory, history, settings) {
  const {
    onLine = () => undefined,
    faults,
    prefix = [],
    count = 1_000_000,
    store = SMALL_STORE,
    ...rest
  } = settings;
  const argument = {
    directory,
    seed: history.seed,
    first: history.nextId,
    count,
    store,
    waits: faults !== undefined,
    ...rest,
  };
  const [command, ...args] = [...prefix, process.execPath, WRITER, JSON.stringify(argument)];
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env: ENVIRONMENT });
  let tracer;
  const said = {
    because: new Map(),
    events: new Map(),
    memoryBytes: 0,
    errors: '',
    wrong: undefined,
    opened: false,
  };
  child.stderr.on('data', (chunk) => (said.errors += chunk));
  child.stdin.on('error', () => undefined);
  let partial = '';
  const takeLine = (line) => {
    const text = line.slice(line.indexOf(' ') + 1);
    if (line.startsWith('because ')) tally(said.because, text);
    else if (line.startsWith('event ')) tally(said.events, text);
    else if (line.startsWith('memory ')) said.memoryBytes = Number(text);
    else if (line.startsWith('wrong ')) said.wrong = text;
    else if (line.startsWith('open ')) {
      said.opened = true;
      if (faults) tracer = attach(Number(text), faults(), () => child.stdin.write('\n'));
    } else history.take(line);
    onLine(line, child);
  };
  child.stdout.on('data', (chunk) => {
    const lines = (partial + chunk).split('\n');
    // The last one may have been cut by the kill: what was not said whole was not said.
    partial = lines.pop();
    lines.forEach(takeLine);
  });
  const [code, signal] = await once(child, 'close');
  await tracer;
  assert.equal(said.wrong, undefined, `the writer read: ${said.wrong}`);
  return { ...said, code, signal };
}

/** Lets strace take hold of every thread, then calls `go`. Resolves when it has let go. */
async function attach(pid, faults, go) {
  const strace = spawn('strace', ['-f', '-qq', '-o', '/dev/null', ...faults, '-p', String(pid)], {
    stdio: 'ignore',
  });
  const ended = once(strace, 'close');
  while (strace.exitCode === null && !isTraced(pid)) await delay(5);
  go();
  await ended;
}

function isTraced(pid) {
  try {
    return readdirSync(`/proc/${pid}/task`).every(
      (task) => !/^TracerPid:\t0$/m.test(readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8')),
    );
  } catch {
    return false;
  }
}

function tally(counts, key) {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
