import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttp2Server } from 'node:http2';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CHILD_ENV } from './testing/persist-process.js';
import {
  expectDocumented,
  isRoot,
  NOBODY,
  Program,
  rnx,
  RNX,
  startPersist,
  until,
  type Seen,
} from './testing/person.js';

// Each test reads what a person has on the terminal: all of it, with the exit code.

let directory: string;
let config: string;
let persist: Program;
let env: NodeJS.ProcessEnv;
let grpcSocket: string;
let ipcSocket: string;
const servers: Server[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'joblet errors ü '));
  await chmod(directory, 0o755);
  config = join(directory, 'joblet-config.yml');
  grpcSocket = join(directory, 'data/run/persist-grpc.sock');
  ipcSocket = join(directory, 'data/run/persist-ipc.sock');
  env = { ...CHILD_ENV, JOBLET_CONFIG_PATH: config };
  const monitoring = { prometheus: '', health: '' };
  const storage = { base_dir: join(directory, 'data') };
  await writeFile(config, JSON.stringify({ persist: { storage, monitoring } }));
  persist = startPersist(config);
  await persist.printed('persist is ready');
  for (const path of ['data', 'data/run']) await chmod(join(directory, path), 0o755);
  for (let number = 1; number <= 7; number++) {
    expect((await rnx(['job', 'run', '--id', `build-${number}`, '--', 'echo', 'hi'], { env })).code).toBe(0);
  }
});
afterAll(async () => {
  for (const server of servers) server.close();
  await persist.stop();
  await rm(directory, { recursive: true });
});

const endedMessage = (path: string) =>
  `persist at ${path} ended the connection: it is stopping, refuses this client, or this is not its query socket or address (persist.server.grpc_socket, grpc_address); try again, or name the right one`;

/** One line on stderr, nothing on stdout, and an entry in the page. */
function expectError(seen: Seen, code: number, message: string): void {
  expect(seen).toEqual({ code, out: '', err: `rnx: ${message}\n` });
  expectDocumented(message);
}

async function listen(server: Server, path: string): Promise<string> {
  servers.push(server);
  await new Promise<void>((done) => server.listen({ path }, done));
  return path;
}

describe('where persist is', () => {
  it('no socket', async () => {
    const path = join(directory, 'no.sock');
    const message = `persist is not running: no socket at ${path}; start it (joblet-persist), wait if it is just starting, or name another socket`;
    expectError(await rnx(['job', 'list', '--socket', path], { env }), 4, message);
    // Also with --json: stdout has documents only, and stderr is for people.
    expectError(await rnx(['job', 'list', '--json', '--socket', path], { env }), 4, message);
  });

  it('a job runs without persist, and what was not kept is told', async () => {
    const path = join(directory, 'no.sock');
    const seen = await rnx(['job', 'run', '--id', 'j', '--ipc-socket', path, '--', 'echo', 'hi'], { env });
    const notKept = /^not kept: 1 line \(3 B\), [12] samples?; (.*)$/.exec(seen.err.split('\n')[1].slice(5));
    const reason = `persist was not running: no socket at ${path}; see that it runs (joblet-persist)`;
    expect([seen.code, seen.out, notKept?.[1]]).toEqual([0, 'hi\n', reason]);
    expectDocumented(`not kept: 1 line (3 B), 1 sample; ${reason}`);
  });

  it('a socket of another user', async () => {
    // Without root, a socket without permissions stands for one of somebody else's.
    if (!isRoot) for (const path of [grpcSocket, ipcSocket]) await chmod(path, 0);
    const user = isRoot ? NOBODY : {};
    const message = (path: string) => `no permission to use ${path}; become the user who runs persist`;
    expectError(await rnx(['job', 'list'], { env, ...user }), 1, message(grpcSocket));
    const run = await rnx(['job', 'run', '--quiet', '--', 'echo', 'hi'], { env, ...user });
    expect([run.code, run.out]).toEqual([0, 'hi\n']);
    expect(run.err).toMatch(/^rnx: not kept: [^\n]*\n$/);
    expect(run.err.trimEnd().endsWith(`; ${message(ipcSocket)}`)).toBe(true);
    if (!isRoot) for (const path of [grpcSocket, ipcSocket]) await chmod(path, 0o600);
  });

  it('a path that is too long', async () => {
    const path = `/${'x'.repeat(200)}`;
    for (const [option, ...line] of [
      ['--socket', 'job', 'list'],
      ['--ipc-socket', 'job', 'run'],
    ]) {
      const args = [...line, option, path, ...(option === '--socket' ? [] : ['--', 'true'])];
      const longest = process.platform === 'linux' ? 107 : 103;
      const message = `${option}: found "${path}", expected a socket path of 1 to ${longest} bytes, the most that the system allows, not 201; --help tells more`;
      expectError(await rnx(args, { env }), 2, message);
    }
  });

  it('a path that is no socket', async () => {
    const message = `${config} is no socket; name the query socket, persist.server.grpc_socket`;
    expectError(await rnx(['job', 'list', '--socket', config], { env }), 4, message);
    const run = await rnx(['job', 'run', '--quiet', '--ipc-socket', config, '--', 'true'], { env });
    expect(run.err).toContain(`${config} is no socket; name the write channel, persist.ipc.socket\n`);
  });

  it('somebody else behind the socket', async () => {
    const silent = await listen(
      createServer((socket) => socket.destroy()),
      join(directory, 'c.sock'),
    );
    expectError(await rnx(['job', 'list', '--socket', silent], { env }), 4, endedMessage(silent));
    const talkers = [
      createServer((socket) => socket.on('error', () => undefined).end('hello, who are you?\n')),
      createHttp2Server((_request, response) => response.writeHead(404).end('not here')),
    ];
    for (const [index, server] of talkers.entries()) {
      const path = await listen(server, join(directory, `t${index}.sock`));
      const foreign = `${path} does not speak persist's protocol (gRPC): another service is there; check the address`;
      expectError(await rnx(['job', 'list', '--socket', path], { env }), 4, foreign);
    }
  });

  it('each socket of persist named as the other', async () => {
    expectError(await rnx(['job', 'list', '--socket', ipcSocket], { env }), 4, endedMessage(ipcSocket));
    const run = await rnx(['job', 'run', '--quiet', '--ipc-socket', grpcSocket, '--', 'echo', 'hi'], { env });
    expect([run.code, run.out]).toEqual([0, 'hi\n']);
    const [, samples, reason] =
      /^rnx: not kept: 1 line \(3 B\), ([12] samples?); (.*)\n$/.exec(run.err) ?? [];
    expect([run.err, reason]).toEqual([
      run.err,
      `${grpcSocket} is not persist's write channel; name persist.ipc.socket`,
    ]);
    expectDocumented(`not kept: 1 line (3 B), ${samples}; ${reason}`);
  });

  it('persist stops while an answer is under way', async () => {
    const { config: own, program } = await startPersistBeside('stopping');
    const ownEnv = { ...env, JOBLET_CONFIG_PATH: own };
    const script = 'for (let i = 0; i < 300; i++) console.log("x".repeat(99999))';
    await rnx(['job', 'run', '--id', 'long', '--', process.execPath, '-e', script], {
      env: ownEnv,
      stdio: ['ignore', 'ignore', 'ignore'],
    });
    const reader = new Program(process.execPath, [RNX, 'job', 'log', 'long'], { env: ownEnv });
    await reader.printed('xxx');
    reader.child.stdout?.pause();
    expect((await program.stop('SIGTERM')).code).toBe(0);
    reader.child.stdout?.resume();
    const { code, err } = await reader.ended();
    const path = join(directory, 'stopping/run/persist-grpc.sock');
    const message = endedMessage(path);
    expect({ code, err }).toEqual({ code: 4, err: `rnx: ${message}\n` });
    expectDocumented(message);
  });
});

describe('persist restarts under a job', () => {
  it('both lines are kept, and the break is told', async () => {
    const { config: own, program } = await startPersistBeside('restarting');
    const ownEnv = { ...env, JOBLET_CONFIG_PATH: own };
    const script = 'echo one; read answer; echo two';
    const job = new Program(
      process.execPath,
      [RNX, 'job', 'run', '--quiet', '--id', 'patient', '--', 'sh', '-c', script],
      { env: ownEnv, stdio: ['pipe', 'pipe', 'pipe'] },
    );
    const log = async () => (await rnx(['job', 'log', 'patient'], { env: ownEnv })).out;
    await until('the first line is kept', async () => (await log()) === 'one\n');
    expect((await program.stop('SIGTERM')).code).toBe(0);
    const { program: next } = await startPersistBeside('restarting');
    job.child.stdin?.end('go on\n');
    const message = 'the connection to persist broke 1 time: what was under way may be missing or twice';
    expect(await job.ended()).toEqual({ code: 0, out: 'one\ntwo\n', err: `rnx: ${message}\n` });
    expectDocumented(message);
    expect(await log()).toBe('one\ntwo\n');
    await next.stop();
  });
});

async function startPersistBeside(name: string): Promise<{ config: string; program: Program }> {
  const path = join(directory, `${name}.yml`);
  const storage = { base_dir: join(directory, name) };
  await writeFile(path, JSON.stringify({ persist: { storage, monitoring: { prometheus: '', health: '' } } }));
  const program = startPersist(path);
  await program.printed('persist is ready');
  return { config: path, program };
}

describe('what was asked', () => {
  it.each([
    [['job', 'log', 'nosuch'], 3, 'no job is nosuch or begins with it; "rnx job list" shows the jobs'],
    [
      ['job', 'status', 'build'],
      2,
      'several jobs begin with build: build-1, build-2, build-3, build-4, build-5, …; give more of the id',
    ],
    [
      ['job', 'log', 'build-1', '--since', 'yesterday'],
      2,
      '--since: found "yesterday", expected now, how long ago (30m, 1h30m, 1d, 1w), 2026-01-31T23:59:59Z or a Unix time after 1970; --help tells more',
    ],
    [
      ['job', 'log', 'build-1', '--until', '2026-02-30T00:00:00Z'],
      2,
      '--until: found "2026-02-30T00:00:00Z", expected now, how long ago (30m, 1h30m, 1d, 1w), 2026-01-31T23:59:59Z or a Unix time after 1970; --help tells more',
    ],
    [
      ['job', 'log', '../../etc/passwd'],
      2,
      'JOB: found "../../etc/passwd", expected a job id or its beginning: letters, digits, ".", "_" and "-", the first a letter or a digit, at most 128; --help tells more',
    ],
    [
      ['job', 'delete', ''],
      2,
      'JOB: found "", expected a job id or its beginning: letters, digits, ".", "_" and "-", the first a letter or a digit, at most 128; --help tells more',
    ],
    ...['--socket', '--config', '--rnx-config', '--node'].map((option): [string[], number, string] => [
      ['job', 'list', option, ''],
      2,
      option === '--socket'
        ? `--socket: found "", expected a socket path of 1 to ${process.platform === 'linux' ? 107 : 103} bytes, the most that the system allows, not 0; --help tells more`
        : `${option}: found "", expected something (is a variable of the shell not set?); --help tells more`,
    ]),
  ])('%j', async (args, code, message) => {
    expectError(await rnx(args, { env }), code, message);
  });

  it('a range that ends before it begins', async () => {
    for (const command of ['log', 'metrics']) {
      const seen = await rnx(['job', command, 'build-1', '--since=now', '--until=1h'], { env });
      expect([seen.code, seen.out]).toEqual([2, '']);
      expect(seen.err).toMatch(
        /^rnx: --since: found "now" \(\S+Z\), which is behind --until "1h" \(\S+Z\); expected an earlier time; --help tells more\n$/,
      );
      expectDocumented(seen.err.slice(5).trimEnd());
      const help = await rnx(['job', command, '--help'], { env });
      expect(help.out.replace(/\s+/g, ' ')).toContain('how long ago (30m, 1h30m, 1d, 1w)');
    }
  });

  it('a command without a name', async () => {
    expectError(await rnx(['job', 'run', '--quiet', '--', ''], { env }), 127, '"": command not found');
  });

  it('a configuration that is wrong, or is not there', async () => {
    const path = join(directory, 'bad.yml');
    await writeFile(path, 'persist: {storage: {base_dir: 7}}');
    const wrong = `the configuration is wrong: ${path}:1:21: persist.storage.base_dir: found 7, expected a path`;
    expectError(await rnx(['job', 'list', '--config', path], { env }), 1, wrong);
    const gone = join(directory, 'gone.yml');
    const missing = `the configuration is wrong: ${gone}: found no such file, expected a readable configuration file`;
    expectError(await rnx(['job', 'list', '--config', gone], { env }), 1, missing);
  });
});

describe('nodes over TLS', () => {
  it('no file, an unknown node, and one that is not complete', async () => {
    const home = join(directory, 'home');
    const homeless = { ...env, HOME: home, XDG_CONFIG_HOME: '' };
    const none = `no rnx-config.yml at ${home}/.config/joblet/rnx-config.yml nor ${home}/.rnx/rnx-config.yml; name it with --rnx-config`;
    expectError(await rnx(['job', 'list', '--node', 'n'], { env: homeless }), 1, none);
    const plain = createServer((socket) => socket.on('error', () => undefined).end('SSH-2.0\n'));
    servers.push(plain);
    await new Promise<void>((done) => plain.listen(0, '127.0.0.1', done));
    const address = plain.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const pem = (what: string) => `-----BEGIN ${what}-----\nAAAA\n-----END ${what}-----\n`;
    const node = (persistAddress: string) => ({ persistAddress, ca: pem('X'), cert: '', key: '' });
    const file = join(directory, 'rnx-config.yml');
    await writeFile(file, JSON.stringify({ nodes: { broken: node('h:1') } }));
    const ask = (name: string) => rnx(['job', 'list', '--rnx-config', file, '--node', name], { env });
    expectError(await ask('other'), 1, `${file} has no node "other"; it has broken`);
    expect((await ask('broken')).err).toBe(
      `rnx: ${file}: nodes.broken.cert: expected the certificate of this client as PEM text; nodes.broken.key: expected the private key of this client as PEM text\n`,
    );
    const badPem = { ...node(`127.0.0.1:${port}`), cert: pem('CERTIFICATE'), key: pem('PRIVATE KEY') };
    await writeFile(file, JSON.stringify({ nodes: { badPem } }));
    const seen = await ask('badPem');
    expect([seen.code, seen.out]).toEqual([2, '']);
    expect(seen.err).toMatch(
      /^rnx: cert or key for 127\.0\.0\.1:\d+ is no PEM text that can be read \([^\n]*\)\n$/,
    );
    expectDocumented(seen.err.slice(5).trimEnd());
  });
});

describe('where output goes', () => {
  it('a full disk', async () => {
    if (process.platform !== 'linux') return;
    const full = 'no space left on the device; make room or write elsewhere (ENOSPC)';
    for (const line of [['job', 'log', 'build-1'], ['job', 'list'], ['--help']]) {
      const seen = await shell('"$@" > /dev/full', line);
      expectError(seen, 1, `the output cannot be written: ${full}`);
    }
    // The job is not touched.
    const run = await shell('"$@" > /dev/full', [
      'job',
      'run',
      '--quiet',
      '--',
      'sh',
      '-c',
      'echo hi; exit 3',
    ]);
    expectError(run, 3, `output could not be passed on: ${full}`);
    const idFile = ['job', 'run', '--quiet', '--id-file', join(directory, 'no/id'), '--', 'true'];
    const message = `the job id is not written to ${JSON.stringify(join(directory, 'no/id'))}: no such file or folder (ENOENT)`;
    expectError(await rnx(idFile, { env }), 0, message);
  });

  it('closed, or to somebody who has seen enough', async () => {
    expect(await shell('"$@" >&-', ['job', 'log', 'build-1'])).toEqual({ code: 0, out: '', err: '' });
    expect(await shell('"$@" 2>&-', ['job', 'log', 'nosuch'])).toEqual({ code: 3, out: '', err: '' });
    const early = await shell('{ "$@"; echo $? >&2; } | true', ['job', 'log', 'build-1']);
    expect(early).toEqual({ code: 0, out: '', err: '0\n' });
  });

  it('Ctrl-C in the middle', async () => {
    const silent = await listen(
      createServer(() => undefined),
      join(directory, 'silent.sock'),
    );
    const connected = new Promise((resolve) => servers.at(-1)?.once('connection', resolve));
    const asking = new Program(process.execPath, [RNX, 'job', 'list', '--socket', silent], { env });
    await connected;
    expect(await asking.stop('SIGINT')).toEqual({ code: 130, out: '', err: '' });
  });
});

describe('where rnx is', () => {
  it('in a folder that was deleted', async () => {
    const gone = join(directory, 'gone');
    for (const line of [
      ['job', 'log', 'build-1'],
      ['job', 'run', '--quiet', '--', 'echo', 'hi'],
    ]) {
      await mkdir(gone);
      const seen = await shell('cd "$GONE" && rmdir "$GONE" && "$@"', line, { GONE: gone });
      expect(seen).toEqual({ code: 0, out: 'hi\n', err: '' });
    }
  });

  it('without a home, and with one that is read-only', async () => {
    const home = join(directory, 'sealed');
    await mkdir(home, { mode: 0o555 });
    expect((await rnx(['job', 'log', 'build-1'], { env: { ...env, HOME: home } })).out).toBe('hi\n');
    const homeless = { ...env, HOME: undefined };
    // A user id that no user has, as in a container.
    const user = isRoot ? { uid: 54_321, gid: 54_321 } : {};
    const seen = await rnx(['job', 'list', '--socket', '/no.sock'], { env: homeless, ...user });
    expect([seen.code, seen.err.split('\n').length]).toEqual([4, 2]);
  });
});

/** rnx as a shell runs it: "$@" is its command line. */
function shell(script: string, args: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<Seen> {
  const words = ['-c', script, 'sh', process.execPath, RNX, ...args];
  return new Program('sh', words, { env: { ...env, ...more } }).ended();
}
