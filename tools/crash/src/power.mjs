import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkStore } from './check-store.mjs';
import { History } from './history.mjs';
import { LostDisk } from './lost-disk.mjs';
import { pick, seeded } from './random.mjs';
import { runWriter, SMALL_STORE } from './run-writer.mjs';
import { bytesOf, readTrace, STRACE } from './trace.mjs';

/** What of that which was not synced is on the disk. */
const LOSSES = [
  () => () => false,
  (random) => () => random() < 0.5,
  (random) => () => random() < 0.95,
  (random) => () => random() < 0.05,
  () => (kind) => kind === 'name',
  () => (kind) => kind === 'page',
  () => (kind) => kind !== 'page',
];

/** Points of each trace that are tried without a kind of sync, until one is bad. */
const POINTS_WITHOUT = 40;

/** Kinds of sync that are taken out in the short form: those that are most often made. */
const SHORT_KINDS = 2;

/**
 * Writes under strace, then lets the power fail at random points of the trace: the directory is built as it may be then,
 * opened, and has to have all that was acknowledged before the point. Each leg begins with what a loss in the one before
 * has left, so that starts after a crash are in the traces too.
 *
 * Then the same with each kind of sync taken out of the traces: some loss has to be bad.
 */
export async function losePower({ directory, seed, rounds: legs, isShort, report }) {
  const { calls, points } = isShort ? { calls: 40, points: 6 } : { calls: 200, points: 40 };
  const random = seeded(seed);
  const counts = { legs: 0, points: 0, rowsCompared: 0, syncs: {}, bites: {}, unneeded: [] };
  const traces = [];
  let start = new Map();
  let history = new History(seed);
  for (; counts.legs < legs; counts.legs++) {
    const trace = await record(`${directory}-${counts.legs}`, start, history, {
      calls,
      underWay: 1 + Math.floor(random() * 6),
    });
    traces.push(trace);
    const disk = new LostDisk(trace.root, {
      onSync: (sync) => trace.syncs.push({ sync, index: trace.index }),
    });
    let next;
    for await (const point of pointsOf(trace, [disk], chosen(trace, points, random))) {
      const left = disk.losePower(pick(random, LOSSES)(random));
      counts.rowsCompared += await checkLeft(`${directory}-left`, left, point.history, { random });
      counts.points++;
      if (next === undefined || random() < 0.3) next = { left, history: point.history.clone() };
      report?.(counts);
    }
    for (const { sync } of trace.syncs) counts.syncs[kindOf(sync)] = (counts.syncs[kindOf(sync)] ?? 0) + 1;
    await checkLeft(`${directory}-left`, next.left, next.history, { random, settles: true });
    ({ left: start, history } = next);
    await rm(trace.root, { recursive: true });
  }
  const kinds = Object.keys(counts.syncs).sort((a, b) => counts.syncs[b] - counts.syncs[a]);
  for (const kind of isShort ? kinds.slice(0, SHORT_KINDS) : kinds) {
    const needed = await lossThatNeeds(kind, traces, { directory, points: POINTS_WITHOUT, random });
    if (needed === undefined) counts.unneeded.push(kind);
    else counts.bites[kind] = needed;
    report?.(counts);
  }
  if (counts.unneeded.length > 0)
    throw new Error(`no loss was bad without some of the syncs: ${JSON.stringify(counts)}`);
  return counts;
}

/** Runs a writer on what is left of a directory, and resolves to all that it did. */
async function record(root, start, history, { calls, underWay }) {
  await writeLeft(root, start);
  const file = `${root}.trace`;
  const before = history.clone();
  const run = await runWriter(root, history.clone(), {
    prefix: [...STRACE, '-o', file],
    count: calls,
    underWay,
  });
  if (run.code !== 0) throw new Error(`the traced writer ended with ${run.code}: ${run.errors}`);
  const events = [...readTrace(await readFile(file, 'latin1'))];
  await rm(file);
  return { root, start, before, events, syncs: [], index: 0 };
}

/** Numbers of events, ascending: one half anywhere, one half right behind something that was said. */
function chosen({ events }, count, random) {
  const said = events.flatMap((event, index) =>
    linesOf(event).some((line) => /^(ok|seen)/.test(line)) ? [index] : [],
  );
  const numbers = Array.from({ length: count }, (_, index) =>
    index % 2 === 0 || said.length === 0 ? Math.floor(random() * events.length) : pick(random, said),
  );
  return new Set([...numbers, events.length - 1]);
}

/** Gives the events to the disks and what was said to the history; stops behind each of the chosen ones. */
async function* pointsOf(trace, disks, numbers) {
  for (const disk of disks) disk.load(trace.start);
  const history = trace.before.clone();
  for (const [index, event] of trace.events.entries()) {
    trace.index = index;
    for (const disk of disks) disk.take(event);
    for (const line of linesOf(event)) history.take(line);
    if (numbers.has(index)) yield { history };
  }
}

/** What the process says counts from the moment on when it begins to say it. */
function linesOf({ kind, call: { name, args } }) {
  if (kind !== 'begin' || name !== 'write' || args[0] !== '1') return [];
  return bytesOf(args[1]).toString().split('\n').slice(0, -1);
}

async function checkLeft(path, left, history, { random, settles = false }) {
  await writeLeft(path, left);
  try {
    return await checkStore(path, history, { random, store: SMALL_STORE, settles });
  } finally {
    await rm(path, { recursive: true });
  }
}

async function writeLeft(path, left) {
  await rm(path, { recursive: true, force: true });
  await mkdir(path, { recursive: true });
  for (const [name, content] of left) {
    if (content instanceof Map) await writeLeft(join(path, name), content);
    else await writeFile(join(path, name), content);
  }
}

/** The number of losses until one was bad for want of this kind of sync, and how; undefined: none was. */
async function lossThatNeeds(kind, traces, { directory, points, random }) {
  let tried = 0;
  for (const trace of traces) {
    const isIgnored = (sync) => kindOf(sync) === kind;
    const near = trace.syncs.filter(({ sync }) => isIgnored(sync)).map(({ index }) => index);
    // Most of what a sync is for is over soon after it: one half of the points lie there.
    const behind =
      near.length === 0
        ? []
        : Array.from({ length: points }, () => pick(random, near) + Math.floor(random() * 40));
    const disk = new LostDisk(trace.root, { isIgnored });
    const whole = new LostDisk(trace.root);
    const numbers = new Set([...chosen(trace, points, random), ...behind]);
    for await (const { history } of pointsOf(trace, [disk, whole], numbers)) {
      const loss = LOSSES[tried % 2 === 0 ? 0 : Math.floor(random() * LOSSES.length)];
      tried++;
      try {
        await checkLeft(`${directory}-left`, disk.losePower(loss(random)), history, { random });
      } catch (error) {
        // It is for want of the sync only if such a loss is harmless with it.
        await checkLeft(`${directory}-left`, whole.losePower(loss(random)), history, { random });
        return `${tried}: ${error.message.split('\n')[0]}`;
      }
    }
  }
  return undefined;
}

/** The same for all jobs, streams and numbers. */
export function kindOf(sync) {
  return sync
    .replace(/^(\w+) (logs|metrics)\/[^/]+/, '$1 $2/*')
    .replace(/(stdout|stderr)\b/, '*')
    .replace(/\b(?=[0-9a-f]*\d)[0-9a-f]{2,}\b|\b\d\b/g, '#');
}
