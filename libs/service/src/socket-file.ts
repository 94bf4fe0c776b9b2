import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, rmSync, unlinkSync, type BigIntStats } from 'node:fs';
import type { Server } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { SOCKET_ATTEMPTS_MAX, SOCKET_BACKLOG, SOCKET_FOLDER_NAME_MAX, socketPathBytesMax } from './limits.js';
import { makeFolder } from './make-folder.js';
import { SocketFileError } from './socket-file-error.js';
import { codeOf, freePath, isSame, publish, statOf } from './socket-path.js';
import { systemReason } from './system-reason.js';

export interface SocketFileOptions {
  /** Permissions; default 0o600. */
  readonly mode?: number;
  /** Default: the process's. */
  readonly platform?: NodeJS.Platform;
}

/** The file of a listening server. */
export interface SocketFile {
  /** Where clients connect to; `server.address()` names another path, which is gone. */
  readonly path: string;
  /**
   * Removes the file, so that new clients see at once that nobody listens; what another process has put there
   * stays. Call it before `server.close()`, which does it too, but only when the last connection has ended.
   */
  remove(): void;
}

/**
 * Lets a server listen on a unix socket. Folders that are missing are made with mode 0700. A socket file that nobody
 * listens on any more is replaced; anything else at the path stays and is a SocketFileError.
 *
 * The socket is bound inside a private folder, gets its mode, and only then its name: nobody can connect before.
 */
export async function listenOnSocketFile(
  server: Server,
  path: string,
  { mode = 0o600, platform = process.platform }: SocketFileOptions = {},
): Promise<SocketFile> {
  checkLength(path, socketPathBytesMax(platform));
  try {
    await freePath(path);
    makeFolder(dirname(path));
    const privateFolder = makePrivateFolder(path);
    try {
      const bound = join(privateFolder, 's');
      checkLength(bound, socketPathBytesMax(platform));
      server.listen({ path: bound, backlog: SOCKET_BACKLOG });
      await once(server, 'listening');
      chmodSync(bound, mode);
      await publish(bound, path);
    } finally {
      rmSync(privateFolder, { recursive: true, force: true });
    }
  } catch (error) {
    if (server.listening) server.close();
    if (error instanceof SocketFileError) throw error;
    throw new SocketFileError('UNUSABLE', path, `cannot make the socket ${path}: ${systemReason(error)}`, {
      cause: error,
    });
  }
  const ours = statOf(path);
  const remove = (): void => removeOurs(path, ours);
  server.once('close', remove);
  return { path, remove };
}

function checkLength(path: string, bytesMax: number): void {
  const bytes = Buffer.byteLength(path);
  if (bytes > bytesMax)
    throw new SocketFileError(
      'PATH_TOO_LONG',
      path,
      `socket path ${path}: found ${bytes} bytes, expected at most ${bytesMax}; name a shorter path`,
    );
}

/** A folder beside the socket whose name, with the one of the socket inside, is not longer than the socket's. */
function makePrivateFolder(path: string): string {
  const nameLength = Math.min(Math.max(basename(path).length - 2, 1), SOCKET_FOLDER_NAME_MAX);
  for (let attempt = 1; ; attempt++) {
    const random = randomBytes(SOCKET_FOLDER_NAME_MAX).toString('hex');
    const folder = join(dirname(path), (nameLength > 1 ? `.${random}` : random).slice(0, nameLength));
    try {
      mkdirSync(folder, { mode: 0o700 });
      return folder;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST' || attempt === SOCKET_ATTEMPTS_MAX) throw error;
    }
  }
}

function removeOurs(path: string, ours: BigIntStats | undefined): void {
  try {
    if (isSame(statOf(path), ours)) unlinkSync(path);
  } catch (error) {
    // It does no harm: the next start replaces it.
    process.emitWarning(`the socket file ${path} stays: ${systemReason(error)}`);
  }
}
