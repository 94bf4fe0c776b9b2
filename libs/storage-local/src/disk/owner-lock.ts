import { once } from 'node:events';
import { open, readdir, rm, type FileHandle } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { StorageError } from '@joblet/storage';
import { errorCode } from '../errors.js';
import { OWN_DIRECTORY, ownerSocketName, ownerSocketNumber } from '../format/file-names.js';
import {
  OWNER_ANSWER_MS,
  OWNER_PROBE_PAUSE_MS,
  OWNER_RETRY_MAX_MS,
  SOCKET_PATH_BYTES_MAX,
} from '../limits.js';

/** One process owns a data directory: what is half written may only be repaired by who writes. */
export interface OwnerLock {
  release(): Promise<void>;
}

/**
 * Becomes the owner: listens on a unix socket in the directory, which the kernel closes however the process ends, and
 * which no reused process id can fake; it works over the borders of containers that share the directory. Rejects with
 * UNAVAILABLE when another process owns it.
 *
 * Two never own at once: each binds a name of its own first, and owns only when it then has the highest number and
 * nobody answers on any other. Of two that do this at the same time, the later to bind sees the earlier; the earlier
 * sees it too, or had looked before, and owns.
 */
export async function lockOwner(directory: string): Promise<OwnerLock> {
  const handle = await open(join(directory, OWN_DIRECTORY), 'r');
  const sockets = new OwnerSockets(directory, handle);
  const server = createServer((socket) =>
    socket.on('error', () => socket.destroy()).end(`${process.pid} ${hostname()}\n`),
  );
  server.unref();
  try {
    for (;;) {
      const numbers = await sockets.numbers();
      for (const number of numbers) await sockets.refuseIfAlive(number);
      const ours = Math.max(0, ...numbers) + 1;
      if (!(await listen(server, sockets.path(ours)))) continue;
      if (await sockets.isOnly(ours)) return { release: () => closeAll(server, handle) };
      await close(server);
      await delay(Math.random() * OWNER_RETRY_MAX_MS);
    }
  } catch (error) {
    await closeAll(server, handle);
    throw error;
  }
}

/** The sockets of those who own, owned or want to own one data directory. */
class OwnerSockets {
  private readonly dataDirectory: string;
  private readonly directory: string;
  private readonly handle: FileHandle;

  constructor(dataDirectory: string, handle: FileHandle) {
    this.dataDirectory = dataDirectory;
    this.directory = join(dataDirectory, OWN_DIRECTORY);
    this.handle = handle;
  }

  async numbers(): Promise<number[]> {
    const numbers = (await readdir(this.directory)).map(ownerSocketNumber);
    return numbers.filter((number) => number !== undefined);
  }

  async refuseIfAlive(number: number): Promise<void> {
    const owner = await this.probe(number);
    if (owner === undefined) return;
    throw new StorageError('UNAVAILABLE', `${this.dataDirectory} is in use by ${describeOwner(owner)}`);
  }

  /** Whether there is no higher number, and nobody behind the others, which are removed. */
  async isOnly(ours: number): Promise<boolean> {
    const others = (await this.numbers()).filter((number) => number !== ours);
    if (others.some((number) => number > ours)) return false;
    for (const number of others) if ((await this.probe(number)) !== undefined) return false;
    for (const number of others) await rm(join(this.directory, ownerSocketName(number)), { force: true });
    return true;
  }

  /** Node cuts a path that is too long for a socket: Linux has a short one to every open directory. */
  path(number: number): string {
    const name = ownerSocketName(number);
    const path = join(this.directory, name);
    if (Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX) return path;
    if (process.platform === 'linux') return `/proc/self/fd/${this.handle.fd}/${name}`;
    throw new StorageError(
      'UNAVAILABLE',
      `${path} has more than ${SOCKET_PATH_BYTES_MAX} bytes, too many for a socket; use a shorter base directory`,
    );
  }

  /** The process id and the host of who listens, '' when it does not say, undefined when nobody does. */
  private async probe(number: number): Promise<string | undefined> {
    for (const pauseMs of [0, OWNER_PROBE_PAUSE_MS]) {
      // A socket that is bound and does not listen yet refuses as a dead one does: asked again, it does not.
      await delay(pauseMs);
      const answer = await ask(this.path(number));
      if (answer !== undefined) return answer;
    }
    return undefined;
  }
}

/** Containers that share a directory count their processes each from 1: the host's name tells them apart. */
function describeOwner(owner: string): string {
  const [pid, host] = owner.split(' ');
  if (pid === '') {
    return 'a process that does not answer (stopped or overloaded?); continue or end it, or use another directory';
  }
  const where = host === undefined || host === hostname() ? '' : ` on ${host}`;
  return `process ${pid}${where}; stop it, or use another directory`;
}

async function ask(path: string): Promise<string | undefined> {
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
