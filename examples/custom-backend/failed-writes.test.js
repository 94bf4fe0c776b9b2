// @ts-check
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { LogBatch } from '@joblet/storage';
import openLevelStore from './index.js';

// The suite cannot make a disk fail. A limit on the size of files does: what a process writes beyond it is refused.
const FILE_SIZE_MAX_KIB = 128;
const BATCHES = 60;

if (process.env.LEVEL_STORE_PATH) {
  const store = await openLevelStore(
    { path: process.env.LEVEL_STORE_PATH },
    { folder: '.', logger: console },
  );
  let failures = 0;
  for (let sequence = 0n; sequence < BATCHES;) {
    const row = { jobId: 'job', stream: 1, timestamp: 1n, sequence, content: Buffer.alloc(10_000) };
    try {
      await store.writeLogs(LogBatch.from([row]));
      sequence++;
    } catch (error) {
      // As persist does: the same batch again, until it is stored.
      if (++failures > 1_000) throw error;
    }
  }
  process.stdout.write(`${failures}`);
  process.exit(); // without closing
}

test('what is written again after a failed write is stored once, and nothing before or behind is lost', async () => {
  const path = await mkdtemp(join(tmpdir(), 'level-store-'));
  const script = `ulimit -f ${FILE_SIZE_MAX_KIB} && exec "$0" "$1"`;
  const env = { ...process.env, LEVEL_STORE_PATH: path, NODE_TEST_CONTEXT: '' };
  const args = ['-c', script, process.execPath, import.meta.filename];
  const { stdout } = await promisify(execFile)('bash', args, { env });
  assert.ok(Number(stdout) > 0, 'no write failed');

  const store = await openLevelStore({ path }, { folder: '.', logger: console });
  const sequences = [];
  for await (const item of store.readLogs({ jobId: 'job' })) {
    if (item.kind === 'logs') for (const { sequence } of item) sequences.push(Number(sequence));
  }
  assert.deepEqual(sequences, [...Array(BATCHES).keys()]);
  await store.close();
  await rm(path, { recursive: true });
});
