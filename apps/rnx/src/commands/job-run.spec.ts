import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeIpc } from '../testing/fake-ipc.js';

const BIN = fileURLToPath(new URL('../../bin/rnx.js', import.meta.url));

let folder: string;
let socket: string;
let ipc: FakeIpc;
const processes: ChildProcess[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rnx-'));
  socket = join(folder, 'ipc.sock');
  ipc = new FakeIpc(socket);
});

afterEach(async () => {
  for (const process of processes.splice(0)) process.kill('SIGKILL');
  await ipc[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

interface Started {
  readonly process: ChildProcess;
  readonly result: Promise<{ code: number | null; out: Buffer; err: string }>;
}

/** Starts the built rnx, with `input` as its stdin. */
function start(args: readonly string[], input = ''): Started {
  const process_ = spawn(process.execPath, [BIN, 'job', 'run', '--ipc-socket', socket, ...args], {
    cwd: folder,
  });
  processes.push(process_);
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  process_.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  process_.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  process_.stdin.end(input);
  const result = once(process_, 'close').then(([code]) => ({
    code: typeof code === 'number' ? code : null,
    out: Buffer.concat(out),
    err: Buffer.concat(err).toString(),
  }));
  return { process: process_, result };
}

const run = (args: readonly string[], input?: string) => start(args, input).result;
const script = (text: string): string[] => ['--quiet', '--', 'sh', '-c', text];

describe('exit codes', () => {
  it.each([
    ['exit 0', 0],
    ['exit 7', 7],
    ['kill -9 $$', 137],
    ['kill -15 $$', 143],
  ])('%s', async (text, code) => {
    await ipc.listen();
    expect(await run(script(text))).toMatchObject({ code, err: '' });
  });

  it('127 for a command that is not there, 126 for one that cannot be run', async () => {
    await ipc.listen();
    expect(await run(['--quiet', '--', 'no-such-command'])).toMatchObject({
      code: 127,
      err: 'rnx: no-such-command: command not found\n',
    });
    writeFileSync(join(folder, 'plain'), '');
    expect(await run(['--quiet', '--', './plain'])).toMatchObject({
      code: 126,
      err: 'rnx: ./plain: permission denied\n',
    });
  });
});

describe('what is passed through and kept', () => {
  it('is the same, byte for byte, on both streams', async () => {
    await ipc.listen();
    const noise = Buffer.from(
      Array.from({ length: 200_000 }, (_, index) => (index * 7 + (index >> 8)) % 256),
    );
    writeFileSync(join(folder, 'noise'), noise);
    const { code, out, err } = await run(script('cat noise; printf "e1\\ne2" >&2'));
    expect(code).toBe(0);
    expect(out.equals(noise)).toBe(true);
    expect(err).toBe('e1\ne2');
    await ipc.ended();
    const stdout = ipc.rows.filter(({ stream }) => stream === 1);
    expect(Buffer.concat(stdout.map(({ content }) => content)).equals(noise)).toBe(true);
    expect(stdout.every(({ content }, index) => content.at(-1) === 10 || index === stdout.length - 1)).toBe(
      true,
    );
    expect(ipc.rows.filter(({ stream }) => stream === 2).map(({ content }) => String(content))).toEqual([
      'e1\n',
      'e2',
    ]);
    expect(ipc.rows.map(({ sequence }) => sequence)).toEqual([...ipc.rows.keys()].map(BigInt));
  });

  it('goes to /dev/stdout and /dev/stderr too, and stdin comes from us', async () => {
    await ipc.listen();
    const { out, err } = await run(script('cat > /dev/stdout; echo e > /dev/stderr'), 'from stdin\n');
    expect({ out: out.toString(), err }).toEqual({ out: 'from stdin\n', err: 'e\n' });
    await ipc.ended();
    expect(ipc.text(1) + ipc.text(2)).toBe('from stdin\ne\n');
  });

  it('is there at once: before a line is complete, and while the command runs', async () => {
    await ipc.listen();
    const { process, result } = start(script('printf "go? "; read answer; echo "$answer"; sleep 60'));
    // stdin has ended: what is asked is seen without an answer.
    await once(process.stdout ?? process, 'data');
    await ipc.until(() => ipc.text(1) === 'go? \n');
    process.kill('SIGTERM');
    expect((await result).code).toBe(143);
  });

  it('has the job id that was announced', async () => {
    await ipc.listen();
    const { err } = await run(['--id-file', 'id', '--name', 'Nightly run!', '--', 'echo', 'x']);
    const id = readFileSync(join(folder, 'id'), 'utf8').trim();
    expect(id).toMatch(/^Nightly-run-[0-9a-f-]{13}$/);
    expect(err).toBe(`job ${id}\n`);
    await run(['--quiet', '--id', 'my.id', '--', 'echo', 'x']);
    await ipc.until(() => ipc.rows.length === 2);
    expect(ipc.rows.map(({ jobId }) => jobId)).toEqual([id, 'my.id']);
    expect((await run(['--', 'true'])).err).toMatch(/^job [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\n$/);
  });

  it('gives the command its variables and all its arguments', async () => {
    await ipc.listen();
    const words = [
      '--quiet',
      '--env',
      'A=1',
      '--env',
      'B=2=3',
      'sh',
      '-c',
      'echo $A $B "$@"',
      '--',
      '--quiet',
      '--',
      '-config',
    ];
    expect((await run(words)).out.toString()).toBe('1 2=3 --quiet -- -config\n');
  });

  const onLinux = process.platform === 'linux' ? it : it.skip;

  onLinux('has samples of what the command used, one at the end even if it is short', async () => {
    await ipc.listen();
    await run(script('i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done'));
    await run(['--quiet', '--id', 'short', '--', 'true']);
    await ipc.until(() => ipc.connections === 2 && ipc.sockets.size === 0);
    const [sample, short, ...more] = ipc.metrics;
    expect(more).toEqual([]);
    expect(sample.data?.cpuUsage).toBeGreaterThan(0);
    expect(sample.data?.memoryUsage).toBeGreaterThan(0n);
    expect(sample.data?.networkIo).toBeUndefined();
    expect(short.jobId).toBe('short');
  });
});

describe('signals', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const)('%s goes to the command', async (signal) => {
    await ipc.listen();
    const trap = `trap 'echo got; exit 9' ${signal.slice(3)}`;
    const { process, result } = start(script(`${trap}; echo ready; while :; do sleep 0.02; done`));
    await ipc.until(() => ipc.text(1) === 'ready\n');
    process.kill(signal);
    const { code, out } = await result;
    expect({ code, out: out.toString() }).toEqual({ code: 9, out: 'ready\ngot\n' });
    await ipc.ended();
    expect(ipc.text(1)).toBe('ready\ngot\n');
  });

  it('go to all that the command started', async () => {
    await ipc.listen();
    const inner = `(trap 'echo inner; exit' TERM; echo ready; while :; do sleep 0.02; done) &`;
    const { process, result } = start(script(`${inner} trap 'wait; echo outer; exit 9' TERM; wait`));
    await ipc.until(() => ipc.text(1) === 'ready\n');
    process.kill('SIGTERM');
    const { code, out } = await result;
    expect({ code, out: out.toString() }).toEqual({ code: 9, out: 'ready\ninner\nouter\n' });
  });

  it('end the wait for a process that left the group and holds the output', async () => {
    await ipc.listen();
    const { process: rnx, result } = start(script("setsid sh -c 'echo $$; exec sleep 60' & sleep 60"));
    await ipc.until(() => ipc.rows.length === 1);
    const outsider = Number(ipc.text(1));
    const timer = setInterval(() => rnx.kill('SIGTERM'), 20);
    const { code } = await result;
    clearInterval(timer);
    expect(code).toBe(143);
    // Throws if it has ended: then nobody held the output.
    process.kill(outsider, 'SIGKILL');
  });
});

describe('a reader that has gone', () => {
  it('ends the command as it would without rnx', async () => {
    await ipc.listen();
    const { process, result } = start(script('yes'));
    await once(process.stdout ?? process, 'data');
    process.stdout?.destroy();
    expect((await result).code).toBe(141);
  });
});

describe('without persist', () => {
  it('the command runs all the same, and what was not kept is told', async () => {
    const { code, out, err } = await run(script('echo out; exit 3'));
    expect({ code, out: out.toString() }).toEqual({ code: 3, out: 'out\n' });
    expect(err).toContain('1 line');
    expect(err).toContain('4 B');
    expect(err).toContain(socket);
  });

  it('what fits is sent when it comes up', async () => {
    const { process, result } = start(script('echo early; until [ -e go ]; do sleep 0.02; done; echo late'));
    await once(process.stdout ?? process, 'data');
    await ipc.listen();
    await ipc.until(() => ipc.text(1) === 'early\n');
    writeFileSync(join(folder, 'go'), '');
    expect((await result).code).toBe(0);
    await ipc.ended();
    expect(ipc.text(1)).toBe('early\nlate\n');
  });

  it('what comes after a break is sent when it is back', async () => {
    await ipc.listen();
    writeFileSync(join(folder, 'go'), '');
    const { result } = start(script('echo one; while [ -e go ]; do sleep 0.05; done; echo two'));
    await ipc.until(() => ipc.text(1) === 'one\n');
    await ipc[Symbol.asyncDispose]();
    const second = await new FakeIpc(socket).listen();
    rmSync(join(folder, 'go'));
    expect(await result).toMatchObject({ code: 0 });
    await second.ended();
    expect(second.text(1)).toBe('two\n');
    await second[Symbol.asyncDispose]();
  });

  it('a configuration that is wrong does not stop the command', async () => {
    const wrong = join(folder, 'wrong.yml');
    writeFileSync(wrong, 'persist: [');
    const process_ = spawn(process.execPath, [
      BIN,
      'job',
      'run',
      '--quiet',
      '--config',
      wrong,
      '--',
      'echo',
      'x',
    ]);
    const err: Buffer[] = [];
    process_.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    const [code] = await once(process_, 'close');
    expect(code).toBe(0);
    expect(Buffer.concat(err).toString()).toMatch(
      /^rnx: output is not kept: the configuration is wrong: [^\n]*\nrnx: the job's state is not kept: [^\n]*\n$/,
    );
  });
});
