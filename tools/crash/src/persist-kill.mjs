import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { logFrame } from './frames.mjs';
import { startPersist } from './persist-process.mjs';
import { seeded } from './random.mjs';

const JOBS = 20;

/**
 * SIGKILL under the load of a client that sends as fast as it can: what could be read before is there after, at the same
 * place, and nothing is there twice. What had been sent and not stored is lost with a v1 producer; then numbers are
 * left out, never out of order.
 */
export async function killPersist({ directory, seed, rounds, report }) {
  const random = seeded(seed);
  const counts = { kills: 0, sent: 0, rowsCompared: 0 };
  const next = Array.from({ length: JOBS }, () => 0);
  let readBefore = new Map();
  for (; counts.kills < rounds; counts.kills++) {
    const persist = await startPersist(directory);
    readBefore = await compareAll(persist.client, readBefore, counts);
    const flood = sendUntilClosed(persist.connect(), next, counts);
    const until = performance.now() + 200 + random() * 1_500;
    // A query waits for all that arrived before it: what these read is what must stay.
    while (performance.now() < until) {
      const job = Math.floor(random() * JOBS);
      const rows = await rowsOf(persist.client, job);
      readBefore.set(
        job,
        rows.length > (readBefore.get(job)?.length ?? 0) ? rows : (readBefore.get(job) ?? []),
      );
      await delay(random() * 20);
    }
    await persist.end('SIGKILL');
    await flood;
    report?.(counts);
  }
  const persist = await startPersist(directory);
  await compareAll(persist.client, readBefore, counts);
  assert.equal(await persist.end('SIGTERM'), 0, 'exit code of persist');
  return counts;
}

/** Everything that was read is read again, at its place; returns what there is now. */
async function compareAll(client, before, counts) {
  const now = new Map();
  for (let job = 0; job < JOBS; job++) {
    const rows = await rowsOf(client, job);
    const old = before.get(job) ?? [];
    assert.deepEqual(rows.slice(0, old.length), old, `job-${job}: rows that were read before the kill`);
    counts.rowsCompared += rows.length;
    now.set(job, rows);
  }
  return now;
}

/** The numbers of a job's rows, each row checked against its number. */
async function rowsOf(client, job) {
  const numbers = [];
  try {
    for await (const { sequence, content } of client.queryLogs({ jobId: `job-${job}` })) {
      const number = Number(sequence);
      assert.ok(
        number > (numbers.at(-1) ?? -1),
        `job-${job}: row ${number} comes behind row ${numbers.at(-1)}`,
      );
      assert.equal(Buffer.from(content).toString(), contentOf(job, number));
      numbers.push(number);
    }
  } catch (error) {
    if (error.code !== 'NOT_FOUND') throw error;
  }
  return numbers;
}

/** Resolves when the other end is gone. */
async function sendUntilClosed(socket, next, counts) {
  let isOpen = true;
  socket.on('error', () => undefined);
  const closed = new Promise((resolve) => socket.once('close', resolve)).then(() => (isOpen = false));
  while (isOpen) {
    const frames = [];
    for (let count = 0; count < 500; count++) {
      const job = count % JOBS;
      const number = next[job]++;
      frames.push(logFrame(`job-${job}`, number, Buffer.from(contentOf(job, number))));
    }
    counts.sent += frames.length;
    if (!socket.write(Buffer.concat(frames)))
      await Promise.race([once(socket, 'drain').catch(() => undefined), closed]);
    await delay(1);
  }
}

function contentOf(job, number) {
  return `line ${number} of ${job} ${'x'.repeat(number % 400)}\n`;
}
