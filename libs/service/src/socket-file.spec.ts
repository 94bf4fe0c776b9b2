import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, lstat, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { listenOnSocketFile, type SocketFile } from './socket-file.js';
import { SocketFileError } from './socket-file-error.js';
import { publish } from './socket-path.js';

const BUILT = new URL('../dist/index.js', import.meta.url).href;

let folder: string;
let servers: Server[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 's-'));
  servers = [];
});
afterEach(async () => {
  for (const server of servers) server.close();
  await rm(folder, { recursive: true, force: true });
});

/** A server that says its name to everybody. */
function greeter(name: string): Server {
  const server = createServer((socket) => socket.end(name));
  servers.push(server);
  return server;
}

async function greeting(path: string): Promise<string> {
  return text(connect(path));
}

async function failure(listening: Promise<SocketFile>): Promise<SocketFileError> {
  const reason: unknown = await listening.catch((error: unknown) => error);
  if (reason instanceof SocketFileError) return reason;
  throw new Error('expected a SocketFileError', { cause: reason });
}

/** A process that listens on the path until it is killed. */
async function otherProcess(path: string) {
  const script = `require('node:net').createServer((s) => s.end('other')).listen(${JSON.stringify(path)}, () => console.log('up'))`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await once(child, 'close');
  };
}

describe('listenOnSocketFile', () => {
  it('makes the folders and the socket for the owner alone, and nothing else', async () => {
    const path = join(folder, 'a/b/p.sock');
    const file = await listenOnSocketFile(greeter('hello'), path);
    expect(file.path).toBe(path);
    expect(await greeting(path)).toBe('hello');
    expect((await lstat(path)).mode & 0o777).toBe(0o600);
    for (const made of ['a', 'a/b']) expect((await lstat(join(folder, made))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(folder, 'a/b'))).toEqual(['p.sock']);
  });

  it('leaves a folder that is there as it is, and takes another mode', async () => {
    await chmod(folder, 0o755);
    const path = join(folder, 'p.sock');
    await listenOnSocketFile(greeter('hello'), path, { mode: 0o660 });
    expect((await lstat(folder)).mode & 0o777).toBe(0o755);
    expect((await lstat(path)).mode & 0o777).toBe(0o660);
  });

  it('removes its file when the server closes', async () => {
    const server = greeter('hello');
    await listenOnSocketFile(server, join(folder, 'p.sock'));
    server.close();
    await once(server, 'close');
    expect(await readdir(folder)).toEqual([]);
  });

  it('removes its file on request, while connections go on', async () => {
    const path = join(folder, 'p.sock');
    const server = createServer((socket) => socket.pipe(socket));
    servers.push(server);
    const file = await listenOnSocketFile(server, path);
    const socket = connect(path);
    await once(socket, 'connect');
    file.remove();
    file.remove();
    expect(await readdir(folder)).toEqual([]);
    socket.end('still here');
    expect(await text(socket)).toBe('still here');
  });

  it("leaves another's file at its path alone", async () => {
    const path = join(folder, 'p.sock');
    const server = greeter('one');
    const file = await listenOnSocketFile(server, path);
    await rename(path, join(folder, 'moved'));
    await listenOnSocketFile(greeter('two'), path);
    file.remove();
    server.close();
    await once(server, 'close');
    expect(await greeting(path)).toBe('two');
  });

  it('replaces the file of a process that was killed', async () => {
    const path = join(folder, 'p.sock');
    const kill = await otherProcess(path);
    await kill('SIGKILL');
    expect((await lstat(path)).isSocket()).toBe(true);
    await listenOnSocketFile(greeter('new'), path);
    expect(await greeting(path)).toBe('new');
  });

  it('does not touch the socket of a process that lives', async () => {
    const path = join(folder, 'p.sock');
    const kill = await otherProcess(path);
    const server = greeter('new');
    expect(await failure(listenOnSocketFile(server, path))).toMatchObject({
      code: 'IN_USE',
      path,
      message: `cannot listen on ${path}: another process is listening there; stop it or name another path`,
    });
    expect(server.listening).toBe(false);
    expect(await greeting(path)).toBe('other');
    await kill('SIGTERM');
  });

  it('lets one win when several start at once', async () => {
    const path = join(folder, 'p.sock');
    const results = await Promise.allSettled(
      ['a', 'b', 'c', 'd'].map((name) => listenOnSocketFile(greeter(name), path)),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'IN_USE' });
    expect('abcd'.at(results.findIndex(({ status }) => status === 'fulfilled'))).toBe(await greeting(path));
    expect(await readdir(folder)).toEqual(['p.sock']);
  });

  it('does not remove what is no socket', async () => {
    const file = join(folder, 'file');
    const below = join(folder, 'folder');
    await writeFile(file, 'precious');
    await mkdir(below);
    for (const path of [file, below])
      expect(await failure(listenOnSocketFile(greeter('x'), path))).toMatchObject({
        code: 'NOT_A_SOCKET',
        message: `cannot listen on ${path}: it is there and is no socket; move it away or name another path`,
      });
    expect((await readdir(folder)).sort()).toEqual(['file', 'folder']);
  });

  it('takes 107 bytes of path (103 on macOS) and not one more', async () => {
    const longest = join(folder, 'x'.repeat(106 - folder.length));
    await listenOnSocketFile(greeter('long'), longest, { platform: 'linux' });
    expect(await greeting(longest)).toBe('long');
    const tooLong = await failure(listenOnSocketFile(greeter('x'), `${longest}x`, { platform: 'linux' }));
    expect(tooLong).toMatchObject({
      code: 'PATH_TOO_LONG',
      message: `socket path ${longest}x: found 108 bytes, expected at most 107; name a shorter path`,
    });
    expect(await failure(listenOnSocketFile(greeter('x'), longest, { platform: 'darwin' }))).toMatchObject({
      code: 'PATH_TOO_LONG',
    });
  });

  it('takes a short name at the end of a long path', async () => {
    const deep = join(folder, 'd'.repeat(102 - folder.length));
    await listenOnSocketFile(greeter('abc'), join(deep, 'abc'), { platform: 'linux' });
    expect(await greeting(join(deep, 'abc'))).toBe('abc');
  });

  it('says where no folder can be made, and does not try for ever', async () => {
    if (process.platform !== 'linux') return;
    const path = '/proc/joblet/p.sock';
    expect(await failure(listenOnSocketFile(greeter('x'), path))).toMatchObject({
      code: 'UNUSABLE',
      message: `cannot make the socket ${path}: no such folder; make it or name another (ENOENT)`,
    });
  });

  it('says when the file system refuses', async () => {
    await chmod(folder, 0o500);
    const path = join(folder, 'p.sock');
    const script = `
      import { createServer } from 'node:net';
      import { listenOnSocketFile } from '${BUILT}';
      if (process.getuid() === 0) process.setuid(65534);
      await listenOnSocketFile(createServer(), ${JSON.stringify(path)}).catch((error) => console.log(error.code, error.message));`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    expect(await text(child.stdout)).toMatch(
      `UNUSABLE cannot make the socket ${path}: no permission for user id`,
    );
    await chmod(folder, 0o700);
    const inFile = join(folder, 'file/p.sock');
    await writeFile(join(folder, 'file'), '');
    expect(await failure(listenOnSocketFile(greeter('x'), inFile))).toMatchObject({
      code: 'UNUSABLE',
      path: inFile,
    });
  });
});

describe('on a file system without hard links', () => {
  it('renames', async () => {
    const bound = join(folder, 'bound');
    const server = greeter('hello');
    server.listen(bound);
    await once(server, 'listening');
    const path = join(folder, 'p.sock');
    await publish(bound, path, () => {
      throw Object.assign(new Error('EPERM'), { code: 'EPERM' });
    });
    expect(await readdir(folder)).toEqual(['p.sock']);
    expect(await greeting(path)).toBe('hello');
  });
});
