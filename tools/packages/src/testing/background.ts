import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type RunOptions, strangersEnvironment } from './run.js';

/** A program that runs until it is told to end. */
export interface Background extends AsyncDisposable {
  /** Resolves when it has printed the text on stdout; rejects with all that it printed when it ends before. */
  printed(text: string): Promise<void>;
  /** Sends SIGTERM and resolves with all that it printed on stdout; rejects unless it exits with 0. */
  stop(): Promise<string>;
}

export function start(program: string, args: readonly string[], { cwd, env }: RunOptions): Background {
  const child = spawn(program, [...args], {
    cwd,
    env: env ?? strangersEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close');
  // Whoever waits for the end gets the failure to start; nobody waiting is no reason to end this process.
  closed.catch(() => undefined);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = (): Error =>
    new Error(`${program} ended with ${child.exitCode ?? child.signalCode}: ${stdout}${stderr}`);
  return {
    async printed(text) {
      while (!stdout.includes(text)) {
        if (child.exitCode !== null || child.signalCode !== null) throw ended();
        await Promise.race([once(child.stdout, 'data'), closed]);
      }
    },
    async stop() {
      child.kill('SIGTERM');
      await closed;
      if (child.exitCode !== 0) throw ended();
      return stdout;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await closed;
    },
  };
}
