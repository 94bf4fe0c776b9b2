// @ts-check
import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { newJob } from '@joblet/state-store';
import { stateStoreConformance } from '@joblet/state-store/conformance';
import openJournalStore, { supports } from './index.js';

const newFolder = () => mkdtemp(join(tmpdir(), 'journal-store-'));

stateStoreConformance({
  test: { describe, it },
  supports,
  async create({ now }) {
    const folder = await newFolder();
    const open = () => openJournalStore({ path: 'jobs' }, { folder, now });
    return { store: await open(), reopen: open, dispose: () => rm(folder, { recursive: true }) };
  },
});

it('a last line that a kill has torn was never acknowledged', async () => {
  const folder = await newFolder();
  const store = await openJournalStore({ path: 'jobs' }, { folder });
  await store.create(newJob({ uuid: 'whole' }));
  await store.close();
  await appendFile(join(folder, 'jobs'), '["j{\\"uuid\\":\\"torn');
  const again = await openJournalStore({ path: 'jobs' }, { folder });
  const { jobs } = await again.list();
  assert.deepEqual(
    jobs.map(({ uuid }) => uuid),
    ['whole'],
  );
  await again.close();
  await rm(folder, { recursive: true });
});

it('options that are wrong are named', async () => {
  const context = { folder: '/' };
  await assert.rejects(openJournalStore({}, context), { code: 'INVALID_ARGUMENT', message: /path/ });
  await assert.rejects(openJournalStore({ path: 'x', pth: 1 }, context), {
    code: 'INVALID_ARGUMENT',
    message: /pth/,
  });
});
