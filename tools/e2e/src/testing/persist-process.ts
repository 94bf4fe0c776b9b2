import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createPersistClient, type PersistClient } from '@joblet/client';

export const PERSIST = fileURLToPath(new URL('../../../../apps/persist/bin/persist.js', import.meta.url));

/** The environment of a child: without what makes jest run ES modules, and without a configuration of the user's. */
export const CHILD_ENV = { ...process.env, NODE_OPTIONS: '', JOBLET_CONFIG_PATH: '' };

/** A data directory and a real persist on it, started and stopped as often as a test likes. */
export class PersistProcess {
  readonly directory: string;
  readonly config: string;
  readonly ipcSocket: string;
  readonly grpcSocket: string;
  private child: ChildProcess | undefined;
  private output = '';
  private readonly clients: PersistClient[] = [];

  private constructor(directory: string) {
    this.directory = directory;
    this.config = join(directory, 'joblet-config.yml');
    this.ipcSocket = join(directory, 'data/run/persist-ipc.sock');
    this.grpcSocket = join(directory, 'data/run/persist-grpc.sock');
  }

  static async create(settings: Record<string, unknown> = {}): Promise<PersistProcess> {
    const persist = new PersistProcess(await mkdtemp(join(tmpdir(), 'joblet-persist-')));
    await persist.configure(settings);
    return persist;
  }

  /** JSON is YAML too. */
  async configure(settings: Record<string, unknown>, logging: Record<string, unknown> = {}): Promise<void> {
    const persist = {
      storage: { base_dir: join(this.directory, 'data') },
      monitoring: { prometheus: '127.0.0.1:0', health: '127.0.0.1:0' },
      ...settings,
    };
    await writeFile(this.config, JSON.stringify({ persist, logging: { format: 'json', ...logging } }));
  }

  get pid(): number {
    return this.child!.pid!;
  }

  /** All that it has logged since it was started last. */
  get log(): string {
    return this.output;
  }

  async start(): Promise<void> {
    this.output = '';
    const child = spawn(process.execPath, [PERSIST, '--config', this.config], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: CHILD_ENV,
    });
    this.child = child;
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => (this.output += String(chunk)));
    await this.logged('persist is ready');
  }

  /** Resolves when a line with the text was logged; rejects when the process ends before. */
  async logged(text: string): Promise<void> {
    const child = this.child!;
    while (!this.output.includes(text)) {
      if (child.exitCode !== null) throw new Error(`persist ended with ${child.exitCode}: ${this.output}`);
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

  async connect(): Promise<Socket> {
    const socket = connect(this.ipcSocket);
    socket.on('error', () => socket.destroy());
    await once(socket, 'connect');
    return socket;
  }

  client(): PersistClient {
    const client = createPersistClient({ socketPath: this.grpcSocket });
    this.clients.push(client);
    return client;
  }

  /** The body of a page of the monitoring ports. */
  async page(path: '/metrics' | '/health'): Promise<string> {
    const match = new RegExp(`"${path.slice(1)}":"([^"]+)"`).exec(this.output);
    const response = await fetch(`http://${match![1]}${path}`);
    return response.text();
  }

  async metric(name: string): Promise<number> {
    const line = (await this.page('/metrics')).split('\n').find((text) => text.startsWith(`${name} `));
    return Number(line?.slice(name.length + 1) ?? NaN);
  }

  async dispose(): Promise<void> {
    for (const client of this.clients) client.close();
    await this.stop('SIGKILL');
    await rm(this.directory, { recursive: true, force: true });
  }
}
