import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';

it('the module in the repository is what its source compiles to', () => {
  const script = fileURLToPath(new URL('../../../tools/generate-wasm.mjs', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [script, '--check', 'wal'], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
}, 120_000);
