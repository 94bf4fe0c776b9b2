import { linkSync, lstatSync, renameSync, unlinkSync, type BigIntStats } from 'node:fs';
import { connect } from 'node:net';
import { SOCKET_ATTEMPTS_MAX } from './limits.js';
import { SocketFileError } from './socket-file-error.js';

/** Gives the bound socket its name, unless something is there that must stay. */
export async function publish(bound: string, path: string, link = linkSync): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      link(bound, path);
      return;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') {
        // A file system without hard links: a rename is not exclusive, but as good as it gets.
        renameSync(bound, path);
        return;
      }
      if (attempt === SOCKET_ATTEMPTS_MAX) throw error;
      await freePath(path);
    }
  }
}

/** Removes a socket file that nobody listens on; rejects when something else is there. */
export async function freePath(path: string): Promise<void> {
  const found = statOf(path);
  if (found === undefined) return;
  if (!found.isSocket())
    throw new SocketFileError(
      'NOT_A_SOCKET',
      path,
      `cannot listen on ${path}: it is there and is no socket; move it away or name another path`,
    );
  if (await isListening(path))
    throw new SocketFileError(
      'IN_USE',
      path,
      `cannot listen on ${path}: another process is listening there; stop it or name another path`,
    );
  if (isSame(statOf(path), found)) unlinkSync(path);
}

function isListening(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    // The listener stays: the other side may reset the connection after it was made.
    const socket = connect(path).on('error', (error) => {
      const code = codeOf(error);
      if (code === 'ECONNREFUSED' || code === 'ENOENT') resolve(false);
      else if (code === 'EAGAIN')
        resolve(true); // Its backlog is full.
      else reject(error);
    });
    socket.once('connect', () => {
      resolve(true);
      socket.resume().unref().end();
    });
  });
}

/** undefined when nothing is there; of a symbolic link, not of what it leads to. */
export function statOf(path: string): BigIntStats | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false });
}

export function isSame(one: BigIntStats | undefined, other: BigIntStats | undefined): boolean {
  return one !== undefined && one.ino === other?.ino && one.dev === other.dev;
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
