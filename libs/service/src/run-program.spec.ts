import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';

const BUILT = new URL('../dist/index.js', import.meta.url).href;

/** What a program says and exits with, which is stopped once it says that it is ready. */
async function run(argv: readonly string[], start = `logger.info('ready')`) {
  const script = `
    import { runProgram, StartError } from '${BUILT}';
    class Wrong extends Error { exitCode = 78; warnings = [{ message: 'a warning' }]; }
    await runProgram({
      name: 'echo', version: '1.2.3', description: 'Says it again.', help: 'More help.',
      load: async (file) => {
        if (file === 'wrong.yml') throw new Wrong('it is wrong');
        if (file === 'bug.yml') throw new Error('a bug');
        const output = file === 'nowhere.yml' ? '/nowhere/log' : 'stdout';
        const logging = { level: 'INFO', format: 'text', output };
        return { config: { logging }, warnings: [{ message: 'unused: x' }], notes: ['a note'], file };
      },
      print: ({ file }) => 'effective ' + file + '\\n',
      start: async ({ logger, stop, loaded }) => {
        setInterval(() => {}, 1_000);
        ${start};
        return { drain: async (enter) => { enter('work'); logger.info('drained'); } };
      },
      commands: { twice: async (argv) => { console.log(...argv, ...argv); return 7; } },
    });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, '--', 'echo', ...argv]);
  const exited = once(child, 'exit');
  child.stdout.on('data', (chunk) => {
    if (String(chunk).includes('ready')) child.kill('SIGTERM');
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await exited;
  return { code, stdout, stderr };
}

describe('runProgram', () => {
  it('starts, says what the configuration has, and drains when it is told to stop', async () => {
    const { code, stdout } = await run(['-config', 'some.yml']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/unused: x[^]*a note[^]*ready[^]*drained[^]*stopped/);
  });

  it('stops while it starts', async () => {
    const waits = `await new Promise(setImmediate); logger.info('ready'); await new Promise((_, reject) => {
      stop.addEventListener('abort', () => reject(stop.reason));
    })`;
    const { code, stdout } = await run([], waits);
    expect(code).toBe(0);
    expect(stdout).not.toContain('cannot start');
  });

  it('tells why it cannot start, and exits as the error says', async () => {
    const known = await run([], `throw new StartError(78, 'the key is wrong')`);
    expect([known.code, known.stdout]).toEqual([
      78,
      expect.stringContaining('echo cannot start: the key is wrong'),
    ]);
    const unknown = await run([], `throw new TypeError('a bug')`);
    expect([unknown.code, unknown.stdout]).toEqual([1, expect.stringContaining('echo cannot start: a bug')]);
    const log = await run(['--config', 'nowhere.yml']);
    expect([log.code, log.stderr]).toEqual([1, expect.stringContaining('echo cannot start: ')]);
  });

  it('prints what counts for --check-config, and what is noteworthy on stderr', async () => {
    const { code, stdout, stderr } = await run(['--check-config', '--config=a.yml']);
    expect([code, stdout, stderr]).toEqual([0, 'effective a.yml\n', 'unused: x\na note\n']);
  });

  it('tells what the user did wrong in its words, and a bug with its stack', async () => {
    const wrong = await run(['--config', 'wrong.yml']);
    expect([wrong.code, wrong.stdout, wrong.stderr]).toEqual([78, '', 'a warning\nit is wrong\n']);
    const bug = await run(['--config', 'bug.yml']);
    expect([bug.code, bug.stderr]).toEqual([1, expect.stringMatching(/Error: a bug\n {4}at /)]);
  });

  it('teaches its arguments', async () => {
    const usage = await run(['--colour']);
    expect([usage.code, usage.stderr]).toEqual([
      2,
      "echo: unknown option '--colour'; echo --help tells more\n",
    ]);
    const help = await run(['--help']);
    expect([help.code, help.stdout]).toEqual([
      0,
      expect.stringMatching(/Says it again[^]*--check-config[^]*More help/),
    ]);
    expect(await run(['-version'])).toEqual({ code: 0, stdout: '1.2.3\n', stderr: '' });
  });

  it('runs a command instead, and nothing that is only called like one', async () => {
    expect(await run(['twice', 'a', 'b'])).toEqual({ code: 7, stdout: 'a b a b\n', stderr: '' });
    const { code, stderr } = await run(['constructor']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('too many arguments')]);
  });
});
