import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

/** The two ends of a pipe for what a command writes. */
export interface OutputPipe {
  readonly source: Readable;
  /** For the command's stdio; ours has to be closed once the command has its own. */
  readonly writeFd: number;
}

/**
 * Makes real pipes. Those that Node makes for a child are sockets, which a command cannot open once more: every script
 * with `> /dev/stderr` would fail. Node has no pipe(2), but a FIFO whose name is removed is one. Undefined where there
 * is no `mkfifo` or no temporary folder.
 */
export function openOutputPipes(count: number): OutputPipe[] | undefined {
  let folder: string | undefined;
  try {
    folder = mkdtempSync(join(tmpdir(), 'rnx-'));
    const paths = Array.from({ length: count }, (_, index) => join(folder ?? '', `${index}`));
    execFileSync('mkfifo', ['-m', '600', ...paths], { stdio: 'ignore' });
    return paths.map(openPipe);
  } catch {
    return undefined;
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true });
  }
}

function openPipe(path: string): OutputPipe {
  // Without O_NONBLOCK this would wait for somebody to open the other end.
  const readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const writeFd = openSync(path, constants.O_WRONLY);
    return { source: new Socket({ fd: readFd, readable: true, writable: false }), writeFd };
  } catch (error) {
    closeSync(readFd);
    throw error;
  }
}
