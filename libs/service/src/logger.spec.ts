import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createLogger, hasColours, type LoggerOptions } from './logger.js';

let folder: string;
let output: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'log-'));
  output = join(folder, 'j.log');
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

function options(more: Partial<LoggerOptions> = {}): LoggerOptions {
  return { name: 'persist', level: 'INFO', format: 'json', output, ...more };
}

describe('createLogger', () => {
  it('writes JSON lines to a file, at once', async () => {
    const log = createLogger(options());
    log.logger.info({ rows: 3, big: 2n ** 63n, err: new Error('why') }, 'stored');
    log.logger.debug('not this');
    const lines = (await readFile(output, 'utf8')).trimEnd().split('\n');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('"big":9223372036854775808');
    expect(JSON.parse(lines[0])).toMatchObject({
      level: 'info',
      name: 'persist',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      msg: 'stored',
      rows: 3,
      err: { message: 'why' },
    });
    expect((await stat(output)).mode & 0o777).toBe(0o600);
    log.close();
  });

  it('shows people the message of what the system refused, and the stack of a bug', async () => {
    const log = createLogger(options({ format: 'text' }));
    const refused = Object.assign(new Error('no space left'), { code: 'NO_SPACE' });
    log.logger.warn({ err: refused }, 'a write failed');
    log.logger.warn({ err: new TypeError('a bug') }, 'stranger');
    log.close();
    const lines = (await readFile(output, 'utf8')).split('\n');
    expect(lines[0]).toMatch(/ WARN \(\w+\): a write failed \{"err":"no space left"\}$/);
    expect(lines.join('\n')).toContain('logger.spec.ts');
  });

  it('writes text for people, without colours where there is no terminal', async () => {
    const log = createLogger(options({ format: 'text' }));
    log.logger.warn({ job: 'j1' }, 'slow');
    log.close();
    expect(await readFile(output, 'utf8')).toMatch(
      /^\[[\d-]+ [\d:.]+\] WARN \(persist\): slow {"job":"j1"}\n$/,
    );
  });

  it('appends', async () => {
    for (const message of ['one', 'two']) {
      const log = createLogger(options());
      log.logger.info(message);
      log.close();
    }
    expect((await readFile(output, 'utf8')).match(/one|two/g)).toEqual(['one', 'two']);
  });

  it('changes its level later, for children that are there already too', async () => {
    const log = createLogger(options({ level: 'error' }));
    const child = log.logger.child({ part: 'ipc' });
    const grandchild = child.child({ connection: 1 });
    grandchild.info('no');
    log.setLevel('debug');
    grandchild.debug('yes');
    log.setLevel('WARN');
    for (const logger of [log.logger, child, grandchild]) logger.info('no');
    log.close();
    const lines = (await readFile(output, 'utf8')).trimEnd().split('\n');
    expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([
      { msg: 'yes', part: 'ipc', connection: 1 },
    ]);
  });

  it('names a file that cannot be opened, and a level that is none', () => {
    const gone = join(folder, 'no/j.log');
    expect(() => createLogger(options({ output: gone }))).toThrow(
      `cannot write the log to ${gone} (logging.output): no such folder`,
    );
    expect(() => createLogger(options({ level: 'loud' }))).toThrow(
      new TypeError('log level: found "loud", expected one of DEBUG, INFO, WARN, ERROR'),
    );
  });

  it('has colours on a terminal only, and not with NO_COLOR', () => {
    const terminals = { stdout: { isTTY: true }, stderr: { isTTY: false } };
    expect(hasColours('stdout', {}, terminals)).toBe(true);
    expect(hasColours('stdout', { NO_COLOR: '' }, terminals)).toBe(true);
    expect(hasColours('stdout', { NO_COLOR: '1' }, terminals)).toBe(false);
    expect(hasColours('stderr', {}, terminals)).toBe(false);
    expect(hasColours('/x.log', {}, terminals)).toBe(false);
  });
});

const BUILT = new URL('../dist/index.js', import.meta.url).href;

describe('a process whose stdout is closed', () => {
  it.each(['json', 'text'])('lives on and counts what it could not write (%s)', async (format) => {
    const script = `
      import { createLogger } from '${BUILT}';
      const log = createLogger({ name: 'x', level: 'INFO', format: '${format}', output: 'stdout' });
      log.logger.info('line');
      process.stdin.once('data', () => {
        for (let line = 0; line < 3; line++) log.logger.info('line');
        console.error(log.droppedLines, 'dropped');
        process.stdout.write('past the logger', () => setImmediate(() => console.error('alive')));
        process.stdin.destroy();
      });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
    const stderr = text(child.stderr);
    const [line] = await once(child.stdout, 'data');
    expect(String(line).match(/line/g)).toHaveLength(1);
    child.stdout.destroy();
    await once(child.stdout, 'close');
    child.stdin.end('it is closed');
    expect(await stderr).toBe('3 dropped\nalive\n');
  });

  it('does not wait for a reader that stops reading', async () => {
    const script = `
      import { createLogger } from '${BUILT}';
      const log = createLogger({ name: 'x', level: 'INFO', format: 'json', output: 'stdout' });
      const message = 'x'.repeat(60_000);
      while (log.droppedLines === 0) log.logger.info(message);
      console.error('alive');
      process.exit();`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    expect(await text(child.stderr)).toBe('alive\n');
    child.stdout.destroy();
  });
});
