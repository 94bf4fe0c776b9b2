import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Registry } from './registry.js';
import { run } from './run.js';

export interface EmptyFolder extends AsyncDisposable {
  path: string;
}

/** A folder outside the workspace, with nothing in it but the `.npmrc` that leads to the registry, if one is given. */
export async function createEmptyFolder(registry?: Registry): Promise<EmptyFolder> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'joblet-packages-')));
  if (registry) await writeFile(join(path, '.npmrc'), registry.npmrc);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** `npm install` of the names, in a folder that is no package yet; needs the registry of everybody else's packages. */
export async function npmInstall(cwd: string, names: readonly string[]): Promise<void> {
  const args = ['install', '--no-audit', '--no-fund', '--prefer-offline', ...names];
  try {
    await run('npm', args, { cwd });
  } catch (error) {
    if (!/ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ENETUNREACH/.test(String(error))) throw error;
    throw new Error(
      `${names.join(' ')} cannot be installed without the npm registry, which does not answer: this test needs a network`,
      { cause: error },
    );
  }
}
