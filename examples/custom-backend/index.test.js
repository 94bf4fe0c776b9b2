// @ts-check
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { logStoreConformance } from '@joblet/storage/conformance';
import openLevelStore, { supports } from './index.js';

async function create() {
  const folder = await mkdtemp(join(tmpdir(), 'level-store-'));
  const open = () => openLevelStore({ path: 'rows' }, { folder, logger: console });
  return { store: await open(), reopen: open, dispose: () => rm(folder, { recursive: true }) };
}

logStoreConformance({ test: { describe, it }, create, supports });
