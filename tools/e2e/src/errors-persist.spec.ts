import { chmod, cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CHILD_ENV, PERSIST } from './testing/persist-process.js';
import {
  expectDocumented,
  hasNamespaces,
  isRoot,
  logLines,
  NOBODY,
  Program,
  RNX,
  startPersist,
  startPersistIn,
  type Seen,
} from './testing/person.js';

// Each test reads what a person has on the terminal: all of it, with the exit code.

let directory: string;
let data: string;
const started: Program[] = [];
const servers: Server[] = [];
const itInNamespace = hasNamespaces ? it : it.skip;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'joblet errors ü '));
  await chmod(directory, 0o755);
  data = join(directory, 'data');
});
afterEach(async () => {
  for (const { child } of started.splice(0)) child.kill('SIGKILL');
  for (const server of servers.splice(0)) server.close();
  await rm(directory, { recursive: true });
});

interface Settings {
  readonly name?: string;
  readonly persist?: Record<string, unknown>;
  readonly logging?: Record<string, unknown>;
}

async function configure(baseDir: string, { name = 'c', persist, logging }: Settings = {}): Promise<string> {
  const file = join(directory, `${name}.yml`);
  const sockets = {
    server: { grpc_socket: join(directory, `${name}-grpc.sock`) },
    ipc: { socket: join(directory, `${name}-ipc.sock`) },
  };
  const monitoring = { prometheus: '', health: '' };
  const section = { storage: { base_dir: baseDir }, ...sockets, monitoring, ...persist };
  const state = { socket: join(directory, `${name}-state.sock`) };
  await writeFile(file, JSON.stringify({ persist: section, state, ...(logging && { logging }) }));
  return file;
}

async function ready(program: Program): Promise<Program> {
  started.push(program);
  await program.printed('persist is ready');
  return program;
}

/** A port of the loopback address where somebody listens until the test is over. */
async function takePort(): Promise<number> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

/** One line in the log, and an entry in the page. */
function expectFatal(seen: Seen, message: string): void {
  expect({ ...seen, out: logLines(seen) }).toEqual({
    code: 1,
    out: [`FATAL persist cannot start: ${message}`],
    err: '',
  });
  expectDocumented(`persist cannot start: ${message}`);
}

describe('a data directory that cannot be used', () => {
  const opening = (path: string) => `opening the local store in ${path}: `;

  it('of another user', async () => {
    await mkdir(data);
    // Without root, a folder without permissions stands for one of somebody else's.
    await chmod(data, isRoot ? 0o755 : 0o555);
    const seen = await startPersist(await configure(data), isRoot ? NOBODY : {}).ended();
    const uid = isRoot ? NOBODY.uid : process.getuid?.();
    expectFatal(
      seen,
      `${opening(data)}${data}/logs: no permission for user id ${uid}; change its owner or mode, or run as its owner (EACCES)`,
    );
  });

  it('a file, and below a file', async () => {
    await writeFile(data, '');
    for (const path of [data, join(data, 'below')]) {
      expectFatal(
        await startPersist(await configure(path)).ended(),
        `${opening(path)}${data}: a file is where a folder has to be; move it away or use another directory (EEXIST)`,
      );
    }
  });

  it('with a name that is too long, and below links that lead in a circle', async () => {
    const long = join(directory, 'x'.repeat(300));
    expectFatal(
      await startPersist(await configure(long)).ended(),
      `${opening(long)}${long}/logs: the path is too long for the system; use a directory with a shorter path (ENAMETOOLONG)`,
    );
    await symlink('data', data);
    const below = join(data, 'below');
    expectFatal(
      await startPersist(await configure(below)).ended(),
      `${opening(below)}${below}/logs: symbolic links lead in a circle, or there are too many; mend them or use another directory (ELOOP)`,
    );
  });

  it('where nothing can be made', async () => {
    if (process.platform !== 'linux') return;
    expectFatal(
      await startPersist(await configure('/proc/joblet')).ended(),
      `${opening('/proc/joblet')}/proc/joblet: it is missing; check the path (ENOENT)`,
    );
  });

  itInNamespace('on a read-only file system', async () => {
    await mkdir(data);
    const setUp = `mount -t tmpfs -o ro none '${data}'`;
    expectFatal(
      await startPersistIn(setUp, await configure(data)).ended(),
      `${opening(data)}${data}/logs: the file system is read-only; mount it writable or use another directory (EROFS)`,
    );
  });
});

describe('a second persist on the same directory', () => {
  it('is refused while the first lives, and not after kill -9', async () => {
    const first = await ready(startPersist(await configure(data)));
    const second = await configure(data, { name: 'second' });
    expectFatal(
      await startPersist(second).ended(),
      `${data} is in use by process ${first.child.pid}; stop it, or use another directory`,
    );
    await first.stop('SIGKILL');
    await (await ready(startPersist(second))).stop('SIGTERM');
  });

  it('is refused while the first is stopped', async () => {
    const first = await ready(startPersist(await configure(data)));
    first.child.kill('SIGSTOP');
    expectFatal(
      await startPersist(await configure(data, { name: 'second' })).ended(),
      `${data} is in use by a process that does not answer (stopped or overloaded?); continue or end it, or use another directory`,
    );
  });

  itInNamespace('in containers, where every persist is process 1', async () => {
    // mount the procfs of the new process namespace, and a host name of its own.
    const flags = '-rm --pid --uts --fork --kill-child --mount-proc';
    const config = await configure(data);
    const inside = (host: string) => startPersistIn(`hostname ${host}`, config, flags);
    const first = await ready(inside('one'));
    expectFatal(
      await startPersistIn('hostname two', await configure(data, { name: 'second' }), flags).ended(),
      `${data} is in use by process 1 on one; stop it, or use another directory`,
    );
    // The process id of the dead owner is that of the next one.
    await first.stop('SIGKILL');
    await ready(inside('one'));
  });
});

describe('what persist cannot listen on, or write to', () => {
  it('the socket of another service, and a file in its place', async () => {
    const socket = join(directory, 'c-grpc.sock');
    const other = createServer();
    await new Promise<void>((done) => other.listen({ path: socket }, done));
    const config = await configure(data);
    expectFatal(
      await startPersist(config).ended(),
      `cannot listen on ${socket}: another process is listening there; stop it or name another path`,
    );
    await new Promise((done) => other.close(done));
    await writeFile(socket, 'precious');
    expectFatal(
      await startPersist(config).ended(),
      `cannot listen on ${socket}: it is there and is no socket; move it away or name another path`,
    );
  });

  it('a port in use is a warning, not the end', async () => {
    const [metricsPort, healthPort] = [await takePort(), await takePort()];
    const monitoring = { prometheus: `127.0.0.1:${metricsPort}`, health: `127.0.0.1:${healthPort}` };
    const persist = await ready(startPersist(await configure(data, { persist: { monitoring } })));
    const message = (page: string, setting: 'prometheus' | 'health') =>
      `/${page} is off: cannot listen on ${monitoring[setting]} (monitoring.${setting}): another process listens there; stop it or choose another address (EADDRINUSE)`;
    const fields = (port: number) => JSON.stringify({ host: '127.0.0.1', port });
    expect(logLines(persist).slice(0, 2)).toEqual([
      `WARN ${message('metrics', 'prometheus')} ${fields(metricsPort)}`,
      `WARN ${message('health', 'health')} ${fields(healthPort)}`,
    ]);
    expectDocumented(message('metrics', 'prometheus'));
    expectDocumented(message('health', 'health'));
    expect((await persist.stop('SIGTERM')).code).toBe(0);
  });

  it('a log file', async () => {
    const missing = join(directory, 'no/persist.log');
    const sealed = join(directory, 'persist.log');
    await writeFile(sealed, '', { mode: 0o400 });
    const uid = isRoot ? NOBODY.uid : process.getuid?.();
    for (const [file, reason] of [
      [missing, 'no such folder; make it or name another (ENOENT)'],
      [
        sealed,
        `no permission for user id ${uid}; change the owner or the mode, or run as its owner (EACCES)`,
      ],
    ]) {
      const config = await configure(data, { logging: { output: file } });
      const message = `persist cannot start: cannot write the log to ${file} (logging.output): ${reason}`;
      const seen = await startPersist(config, isRoot ? NOBODY : {}).ended();
      expect(seen).toEqual({ code: 1, out: '', err: `${message}\n` });
      expectDocumented(message);
    }
  });
});

describe('before it starts', () => {
  it('a wrong configuration: every error, one line each, 78', async () => {
    const config = await configure(data, {
      persist: { storage: { base_dir: 7 } },
      logging: { level: 'LOUD' },
    });
    const { code, out, err } = await startPersist(config).ended();
    expect([code, out]).toEqual([78, '']);
    const lines = err.trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    for (const line of lines) expectDocumented(line);
    expect(lines[0]).toMatch(/:1:\d+: persist\.storage\.base_dir: found 7, expected a path$/);
    const gone = `${join(directory, 'gone.yml')}`;
    const message = `${gone}: found no such file, expected a readable configuration file`;
    expect(await startPersist(gone).ended()).toEqual({ code: 78, out: '', err: `${message}\n` });
    expectDocumented(message);
  });

  it('wrong usage', async () => {
    const seen = await new Program(process.execPath, [PERSIST, '--nosuch']).ended();
    const message = "persist: unknown option '--nosuch'; persist --help tells more";
    expect(seen).toEqual({ code: 2, out: '', err: `${message}\n` });
    expectDocumented(message);
  });

  it('in a folder that was deleted', async () => {
    const gone = join(directory, 'gone');
    await mkdir(gone);
    const script = 'cd "$GONE" && rmdir "$GONE" && exec "$@"';
    const words = ['-c', script, 'sh', process.execPath, PERSIST, '--config', await configure(data)];
    const persist = new Program('sh', words, { env: { ...CHILD_ENV, GONE: gone } });
    expect((await (await ready(persist)).stop('SIGTERM')).code).toBe(0);
  });

  it.each([
    ['persist', PERSIST],
    ['rnx', RNX],
  ])('%s in a checkout that is not built', async (name, program) => {
    const copy = join(directory, 'bin', `${name}.js`);
    await cp(dirname(program), dirname(copy), { recursive: true });
    await writeFile(join(directory, 'package.json'), '{"type":"module"}');
    const missing = join(directory, 'dist/main.js');
    const message = `${name} is not built yet: ${missing} is missing. Run "npm run build" in the checkout first.`;
    const seen = await new Program(process.execPath, [copy]).ended();
    expect(seen).toEqual({ code: 1, out: '', err: `${message}\n` });
    expectDocumented(message);
  });
});
