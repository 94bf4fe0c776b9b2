import { EventEmitter } from 'node:events';
import { Writable } from 'node:stream';
import { runCli } from '../cli.js';
import type { CliIo } from '../cli-io.js';

export const NOW = 1_700_000_000_123_456_789n;

/** Collects what is written; `fail` makes each write fail, as that of a pipe whose reader has gone. */
export class Sink extends Writable {
  readonly chunks: Buffer[] = [];
  isTTY = false;
  fail: NodeJS.ErrnoException | undefined;
  /** Called for each write. */
  onWrite: (() => void) | undefined;

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }

  get text(): string {
    return this.bytes.toString();
  }

  override _write(chunk: Buffer, _: string, done: (error?: Error) => void): void {
    if (!this.fail) this.chunks.push(chunk);
    this.onWrite?.();
    done(this.fail);
  }
}

export interface FakeIo extends CliIo {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly signals: EventEmitter;
}

export function fakeIo(env: NodeJS.ProcessEnv = {}): FakeIo {
  const signals = new EventEmitter();
  return {
    stdout: new Sink(),
    stderr: new Sink(),
    signals,
    env,
    cwd: '/',
    homeDir: '/nonexistent',
    now: () => NOW,
    abandonOutput: () => undefined,
    onSignals(names, listener) {
      for (const name of names) signals.on(name, listener);
      return () => names.forEach((name) => signals.off(name, listener));
    },
  };
}

/** Runs a command line, words separated by spaces. */
export async function rnx(line: string, io = fakeIo()): Promise<{ code: number; out: string; err: string }> {
  const code = await runCli(line.split(' '), io);
  return { code, out: io.stdout.text, err: io.stderr.text };
}
