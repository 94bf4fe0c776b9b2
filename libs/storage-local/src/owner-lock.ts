import { once } from 'node:events';
import { open, readdir, rm, type FileHandle } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { StorageError } from '@joblet/storage';
import { errorCode } from './errors.js';
import { OWN_DIRECTORY, ownerSocketNumber, ownerSocketName } from './file-names.js';
import { OWNER_ANSWER_MS, OWNER_PROBE_PAUSE_MS, SOCKET_PATH_BYTES_MAX } from './limits.js';

/** One process owns a data directory: what is half written may only be repaired by who writes. */
export interface OwnerLock {
  release(): Promise<void>;
}

/**
 * Becomes the owner: listens on a unix socket in the directory, which the kernel closes however the process ends, and
 * which no reused process id can fake; it works over the borders of containers that share the directory. Each new
 * owner takes the next number, and whoever has the highest owns. Rejects with UNAVAILABLE when another process does.
 */
export async function lockOwner(baseDirectory: string): Promise<OwnerLock> {
  const directory = join(baseDirectory, OWN_DIRECTORY);
  const handle = await open(directory, 'r');
  const server = createServer((socket) => socket.on('error', () => socket.destroy()).end(`${process.pid}\n`));
  server.unref();
  try {
    for (;;) {
      const highest = await highestNumber(directory);
      if (highest > 0) await refuseIfAlive(handle, baseDirectory, ownerSocketName(highest));
      if (!(await listen(server, socketPath(handle, directory, ownerSocketName(highest + 1))))) continue;
      if ((await highestNumber(directory)) === highest + 1) {
        await removeOlder(directory, highest + 1);
        return { release: () => closeAll(server, handle) };
      }
      // Somebody who came later has taken the next number: theirs is the directory, or the next round tells.
      await close(server);
    }
  } catch (error) {
    await closeAll(server, handle);
    throw error;
  }
}

async function refuseIfAlive(handle: FileHandle, baseDirectory: string, name: string): Promise<void> {
  const path = socketPath(handle, join(baseDirectory, OWN_DIRECTORY), name);
  for (const pauseMs of [0, OWNER_PROBE_PAUSE_MS]) {
    // A socket that is bound and does not listen yet refuses as a dead one does: asked again, it does not.
    await delay(pauseMs);
    const owner = await probe(path);
    if (owner === undefined) continue;
    const who = owner === '' ? 'another process' : `process ${owner}`;
    throw new StorageError(
      'UNAVAILABLE',
      `${baseDirectory} is in use by ${who}; stop it, or use another directory`,
    );
  }
}

/** The owner's process id, '' when it does not say, undefined when nobody listens. */
async function probe(path: string): Promise<string | undefined> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    const [answer] = await once(socket, 'data', { signal: AbortSignal.timeout(OWNER_ANSWER_MS) });
    return String(answer).trim();
  } catch (error) {
    const code = errorCode(error);
    return code === 'ECONNREFUSED' || code === 'ENOENT' ? undefined : '';
  } finally {
    socket.destroy();
  }
}

/** False when somebody else was faster. */
async function listen(server: Server, path: string): Promise<boolean> {
  try {
    server.listen({ path });
    await once(server, 'listening');
    return true;
  } catch (error) {
    if (errorCode(error) === 'EADDRINUSE') return false;
    throw error;
  }
}

/** Node cuts a path that is too long for a socket: Linux has a short one to every open directory. */
function socketPath(handle: FileHandle, directory: string, name: string): string {
  const path = join(directory, name);
  if (Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX) return path;
  if (process.platform === 'linux') return `/proc/self/fd/${handle.fd}/${name}`;
  throw new StorageError(
    'UNAVAILABLE',
    `${path} has more than ${SOCKET_PATH_BYTES_MAX} bytes, too many for a socket; use a shorter base directory`,
  );
}

async function highestNumber(directory: string): Promise<number> {
  const numbers = (await readdir(directory)).map(ownerSocketNumber);
  return Math.max(0, ...numbers.filter((number) => number !== undefined));
}

async function removeOlder(directory: string, ours: number): Promise<void> {
  for (const name of await readdir(directory)) {
    const number = ownerSocketNumber(name);
    if (number !== undefined && number < ours) await rm(join(directory, name), { force: true });
  }
}

async function closeAll(server: Server, handle: FileHandle): Promise<void> {
  await close(server);
  await handle.close();
}

/** Removes the socket file too. */
async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  server.close();
  await once(server, 'close');
}
