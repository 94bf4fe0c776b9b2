import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';

/** The environment of a child: without what makes jest run ES modules, and without a configuration of the user's. */
export const CHILD_ENV = { ...process.env, NODE_OPTIONS: '', JOBLET_CONFIG_PATH: '' };

export interface ServiceCommand {
  readonly name: string;
  /** The file that starts it. */
  readonly path: string;
}

/** A directory and a real service on it, started and stopped as often as a test likes. */
export class ServiceProcess {
  readonly config: string;
  private child: ChildProcess | undefined;
  private output = '';

  constructor(
    readonly directory: string,
    private readonly command: ServiceCommand,
  ) {
    this.config = join(directory, 'joblet-config.yml');
  }

  get pid(): number {
    return this.child!.pid!;
  }

  /** All that it has logged since it was started last. */
  get log(): string {
    return this.output;
  }

  async start(env: NodeJS.ProcessEnv = {}): Promise<void> {
    this.output = '';
    const child = spawn(process.execPath, [this.command.path, '--config', this.config], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...CHILD_ENV, ...env },
    });
    this.child = child;
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => (this.output += String(chunk)));
    await this.logged(`${this.command.name} is ready`);
  }

  /** Resolves when a line with the text was logged; rejects when the process ends before. */
  async logged(text: string): Promise<void> {
    const child = this.child!;
    while (!this.output.includes(text)) {
      if (child.exitCode !== null)
        throw new Error(`${this.command.name} ended with ${child.exitCode}: ${this.output}`);
      await Promise.race([once(child.stdout!, 'data'), once(child.stderr!, 'data'), once(child, 'close')]);
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.child!.kill(signal);
  }

  /** Sends the signal and resolves to the exit code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const child = this.child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const closed = once(child, 'close');
    child.kill(signal);
    await closed;
    return child.exitCode;
  }

  /** Resolves to the exit code when the process has ended by itself. */
  async ended(): Promise<number | null> {
    const child = this.child!;
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
    return child.exitCode;
  }

  /** The body of a page of the monitoring ports. */
  async page(path: '/metrics' | '/health'): Promise<string> {
    const match = new RegExp(`"${path.slice(1)}":"([^"]+)"`).exec(this.output);
    const response = await fetch(`http://${match![1]}${path}`);
    return response.text();
  }

  /** `name` with its labels, as /metrics has it; NaN when it is not there. */
  async metric(name: string): Promise<number> {
    const line = (await this.page('/metrics')).split('\n').find((text) => text.startsWith(`${name} `));
    return Number(line?.slice(name.length + 1) ?? NaN);
  }

  async dispose(): Promise<void> {
    await this.stop('SIGKILL');
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** A connection whose errors only close it. */
export async function connected(path: string): Promise<Socket> {
  const socket = connect(path);
  socket.on('error', () => socket.destroy());
  await once(socket, 'connect');
  return socket;
}
