import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { isPath } from './fields.js';
import { userBaseDir, type ConfigFiles } from './find-file.js';
import { valueAt } from './known-keys.js';
import { socketPathBytesMax } from './limits.js';
import type { Places } from './places.js';

export const SYSTEM_BASE_DIR = '/opt/joblet';

/** base_dir when there is no file, and a note that says so. */
export async function defaultBaseDir(
  env: NodeJS.ProcessEnv,
  homeDir: string,
  files: ConfigFiles,
): Promise<{ readonly baseDir: string; readonly note: string }> {
  const writable = await files.writable(SYSTEM_BASE_DIR);
  const baseDir = writable ? SYSTEM_BASE_DIR : userBaseDir(env, homeDir);
  const reason = writable ? '' : ` (${SYSTEM_BASE_DIR} is not writable)`;
  return { baseDir, note: `no configuration file found: built-in defaults, base_dir ${baseDir}${reason}` };
}

/**
 * What defaults depend on. A path that is no good is left to the schema, and what is derived from it starts at the
 * default. The write channel has two ends in one file: the socket of one is the default of the other.
 */
export function placesOf(
  nested: Record<string, unknown>,
  folder: string,
  fallback: string,
  hostName = hostname(),
  platform = process.platform,
): Places {
  const socketBytesMax = socketPathBytesMax(platform);
  const named = (...keys: readonly string[]): string | undefined => {
    const value = valueAt(nested, keys);
    return typeof value === 'string' && isPath(value) ? resolve(folder, value) : undefined;
  };
  const socket = (...keys: readonly string[]): string | undefined => {
    const path = named(...keys);
    return path !== undefined && Buffer.byteLength(path) <= socketBytesMax ? path : undefined;
  };
  const baseDir = named('persist', 'storage', 'base_dir') ?? fallback;
  const persistSocket = socket('ipc', 'socket') ?? join(baseDir, 'run/persist-ipc.sock');
  const producerSocket = socket('persist', 'ipc', 'socket') ?? persistSocket;
  return { baseDir, folder, persistSocket, producerSocket, hostName, socketBytesMax };
}
