import { constants } from 'node:fs';
import { access, open } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ConfigError } from './config-error.js';
import { CONFIG_FILE_BYTES_MAX } from './limits.js';

/** Where the file may be, best first, after `--config` and JOBLET_CONFIG_PATH. Relative ones start at the cwd. */
export const SEARCH_PATH = [
  '/opt/joblet/config/joblet-config.yml',
  '/opt/joblet/joblet-config.yml',
  './config/joblet-config.yml',
  './joblet-config.yml',
  '/etc/joblet/joblet-config.yml',
];

/** What the search needs of the file system; tests bring their own. */
export interface ConfigFiles {
  /** The first `bytesMax` bytes of a file; rejects as node:fs does. */
  read(path: string, bytesMax: number): Promise<Uint8Array>;
  /** Whether a folder could be written to, or made. */
  writable(path: string): Promise<boolean>;
}

export const nodeFiles: ConfigFiles = { read: readStart, writable };

export interface ConfigFile {
  readonly path: string;
  readonly text: string;
}

/**
 * The first file of the search path. A file that was named must be there; any file that is there must be readable:
 * going on to the next would start a service with another configuration than the one that was written for it.
 */
export async function findConfigFile(
  named: string | undefined,
  cwd: string,
  files: ConfigFiles,
): Promise<ConfigFile | undefined> {
  for (const candidate of named === undefined ? SEARCH_PATH : [named]) {
    const path = resolve(cwd, candidate);
    try {
      return { path, text: decode(await files.read(path, CONFIG_FILE_BYTES_MAX + 1)) };
    } catch (error) {
      const code = errorCode(error);
      if (named === undefined && (code === 'ENOENT' || code === 'ENOTDIR')) continue;
      const found = error instanceof UnreadableText ? error.message : (REASONS[code] ?? String(error));
      throw new ConfigError([{ file: path, path: '', found, expected: 'a readable configuration file' }], {
        cause: error,
      });
    }
  }
  return undefined;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EACCES: 'a file without permission to read it',
  EPERM: 'a file without permission to read it',
  EISDIR: 'a folder',
};

class UnreadableText extends Error {}

function decode(bytes: Uint8Array): string {
  if (bytes.length > CONFIG_FILE_BYTES_MAX)
    throw new UnreadableText(`more than ${CONFIG_FILE_BYTES_MAX} bytes`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new UnreadableText('text that is not UTF-8', { cause: error });
  }
}

async function readStart(path: string, bytesMax: number): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const bytes = Buffer.alloc(bytesMax);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(bytes, length, bytesMax - length);
      length += bytesRead;
      if (bytesRead === 0 || length === bytesMax) return bytes.subarray(0, length);
    }
  } finally {
    await file.close();
  }
}

async function writable(path: string): Promise<boolean> {
  try {
    await access(path, constants.W_OK | constants.X_OK);
    return true;
  } catch (error) {
    return errorCode(error) === 'ENOENT' && dirname(path) !== path && (await writable(dirname(path)));
  }
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** Folder for data of a user who may not write to /opt/joblet, by the XDG base directory rules. */
export function userBaseDir(env: NodeJS.ProcessEnv, homeDir: string): string {
  const stateHome = env.XDG_STATE_HOME;
  return join(stateHome?.startsWith('/') ? stateHome : join(homeDir, '.local/state'), 'joblet');
}
