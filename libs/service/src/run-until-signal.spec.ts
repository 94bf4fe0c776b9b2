import { describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const BUILT = new URL('../dist/index.js', import.meta.url).href;

interface Line {
  readonly level: string;
  readonly msg: string;
  readonly [key: string]: unknown;
}

interface Service {
  readonly child: ChildProcess;
  /** Resolves with the next log line that has this text. */
  line(text: string): Promise<Line>;
  /** Resolves with the exit code. */
  exit(): Promise<number | null>;
}

/** A service that logs `up`, with these options of runUntilSignal and this work. */
function start(runOptions: string, work = ''): Service {
  const script = `
    import { createLogger, runUntilSignal } from '${BUILT}';
    const log = createLogger({ name: 'x', level: 'INFO', format: 'json', output: 'stdout' });
    const logger = log.logger;
    setInterval(() => {}, 1_000);
    runUntilSignal({ logger, beforeExit: () => log.close(), ${runOptions} });
    logger.info('up');
    ${work}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const lines: AsyncIterator<string> = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    child,
    line: async (text) => {
      for (;;) {
        const next = await lines.next();
        if (next.done) throw new Error(`no line has ${text}`);
        const line: Line = JSON.parse(next.value);
        if (line.msg.includes(text)) return line;
      }
    },
    exit: async () => {
      const [code] = await exited;
      return code;
    },
  };
}

describe('runUntilSignal', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('drains once on %s and exits with 0', async (signal) => {
    const service = start(`drain: async () => {
      logger.info('draining');
      await new Promise((resolve) => process.once('SIGUSR2', resolve));
    }`);
    await service.line('up');
    service.child.kill(signal);
    await service.line(`${signal}: stopping`);
    await service.line('draining');
    service.child.kill('SIGTERM');
    expect(await service.line('already stopping')).toMatchObject({ level: 'warn' });
    service.child.kill('SIGUSR2');
    await service.line('stopped');
    expect(await service.exit()).toBe(0);
  });

  it('gives up after the deadline, names what hangs and exits with 1', async () => {
    const service = start(`deadlineMs: 50, drain: async (enter) => {
      enter('sockets');
      enter('storage');
      await new Promise(() => {});
    }`);
    await service.line('up');
    service.child.kill('SIGTERM');
    expect(await service.line('not stopped after 50 ms: storage hangs')).toMatchObject({
      level: 'error',
      step: 'storage',
      resources: { Timeout: expect.any(Number) },
    });
    expect(await service.exit()).toBe(1);
  });

  it('exits with 1 when the drain fails', async () => {
    const service = start(`drain: async (enter) => {
      enter('storage');
      throw new Error('disk gone');
    }`);
    await service.line('up');
    service.child.kill('SIGTERM');
    expect(await service.line('stopping failed: storage')).toMatchObject({ err: { message: 'disk gone' } });
    expect(await service.exit()).toBe(1);
  });

  it('calls onHangup on SIGHUP, and lives on when it fails', async () => {
    const service = start(
      `drain: async () => {}, onHangup: () => { logger.info('reread'); if (++count === 2) throw new Error('bad file'); }`,
      'let count = 0;',
    );
    await service.line('up');
    for (const text of ['reread', 'reread', 'SIGHUP failed', 'reread']) {
      if (text === 'reread') service.child.kill('SIGHUP');
      await service.line(text);
    }
    service.child.kill('SIGTERM');
    expect(await service.exit()).toBe(0);
  });

  it('ignores SIGHUP without onHangup', async () => {
    const service = start('drain: async () => {}');
    await service.line('up');
    service.child.kill('SIGHUP');
    service.child.kill('SIGTERM');
    expect(await service.exit()).toBe(0);
  });

  it.each([
    ['uncaught exception', "setImmediate(() => { throw new Error('bug'); });"],
    ['unhandled rejection', "void Promise.reject(new Error('bug'));"],
  ])('logs an %s, drains once and exits with 1', async (what, work) => {
    const drain = `drain: async () => {
      logger.info('draining');
      await new Promise((resolve) => setImmediate(resolve));
      logger.info('drained');
    }`;
    const service = start(drain, `${work} ${work}`);
    expect(await service.line(`${what}: stopping`)).toMatchObject({
      level: 'fatal',
      err: { message: 'bug', stack: expect.any(String) },
    });
    await service.line('draining');
    await service.line(`${what}: already stopping`);
    await service.line('drained');
    await service.line('stopped');
    expect(await service.exit()).toBe(1);
  });
});
