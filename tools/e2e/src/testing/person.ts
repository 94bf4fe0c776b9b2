import { spawn, spawnSync, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from '@jest/globals';
import { CHILD_ENV, PERSIST } from './persist-process.js';

export const RNX = fileURLToPath(new URL('../../../../apps/rnx/bin/rnx.js', import.meta.url));
const PAGE = fileURLToPath(new URL('../../../../docs/troubleshooting.md', import.meta.url));

/** A user who owns nothing. */
export const NOBODY = { uid: 65_534, gid: 65_534 };
export const isRoot = process.getuid?.() === 0;

/** Whether this user may make a mount namespace with a file system of its own. */
export const hasNamespaces =
  spawnSync('unshare', ['-rm', 'sh', '-c', 'mount -t tmpfs none /mnt']).status === 0;
if (!hasNamespaces && process.env.JOBLET_REQUIRE_SERVERS === '1') {
  throw new Error('expected unshare(1) and user namespaces: JOBLET_REQUIRE_SERVERS is 1');
}

/** What a person has on the terminal when the program has ended. */
export interface Seen {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A program that runs, and what it has printed so far. */
export class Program {
  readonly child: ChildProcess;
  out = '';
  err = '';
  private readonly closed: Promise<unknown>;

  constructor(command: string, args: readonly string[], options: SpawnOptions = {}) {
    this.child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: CHILD_ENV, ...options });
    this.closed = once(this.child, 'close');
    this.child.stdout?.on('data', (chunk) => (this.out += String(chunk)));
    this.child.stderr?.on('data', (chunk) => (this.err += String(chunk)));
  }

  /** Resolves when stdout has the text; rejects when the program ends before. */
  async printed(text: string): Promise<void> {
    while (!this.out.includes(text)) {
      if (this.child.exitCode !== null || this.child.signalCode !== null)
        throw new Error(`ended before it printed ${text}: ${this.out}${this.err}`);
      const streams = [this.child.stdout, this.child.stderr].flatMap((stream) =>
        stream ? [once(stream, 'data')] : [],
      );
      await Promise.race([...streams, this.closed]);
    }
  }

  async ended(): Promise<Seen> {
    await this.closed;
    return { code: this.child.exitCode, out: this.out, err: this.err };
  }

  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<Seen> {
    this.child.kill(signal);
    return this.ended();
  }
}

export function startPersist(config: string, options: SpawnOptions = {}, nodeArgs: string[] = []): Program {
  return new Program(process.execPath, [...nodeArgs, PERSIST, '--config', config], options);
}

/** The same as process `exec` of a shell in namespaces of its own, after `setUp`. */
export function startPersistIn(setUp: string, config: string, flags = '-rm'): Program {
  const script = `${setUp} && exec "$0" "$@"`;
  const args = [...flags.split(' '), 'sh', '-c', script, process.execPath, PERSIST, '--config', config];
  return new Program('unshare', args);
}

export function rnx(args: readonly string[], options: SpawnOptions = {}): Promise<Seen> {
  return new Program(process.execPath, [RNX, ...args], options).ended();
}

/** The lines of a log in text form: `WARN what happened {"more":1}`. */
export function logLines({ out }: Pick<Seen, 'out'>): string[] {
  return out
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^\[[\d-]+ [\d:.]+\] (\w+) \(persist\):/, '$1'));
}

/** Resolves when the condition holds; it is for what has no event. */
export async function until(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  const end = performance.now() + 20_000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within 20 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The messages of the page, first column of its tables; `<…>` stands for anything. */
const documented = [...readFileSync(PAGE, 'utf8').matchAll(/^\| `(.+?)` +\|/gm)].map(([, message]) => ({
  message,
  pattern: patternOf(message),
}));

function patternOf(message: string): RegExp {
  const texts = message.split(/<[^<>]+>/).map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${texts.join('.+')}$`);
}

/** That a person who reads the message finds it in the page. */
export function expectDocumented(message: string): void {
  expect([message, documented.some(({ pattern }) => pattern.test(message))]).toEqual([message, true]);
}

/** The same of a message with `<…>` for what is put in: one row of the page at least is a case of it. */
export function expectCaseDocumented(template: string): void {
  const isCase = patternOf(template);
  const isThere = documented.some(({ message, pattern }) => pattern.test(template) || isCase.test(message));
  expect([template, isThere]).toEqual([template, true]);
}
