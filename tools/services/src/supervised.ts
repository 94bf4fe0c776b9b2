import { fork, type ChildProcess } from 'node:child_process';
import { on, once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LOG_TAIL_BYTES } from './limits.js';

const SUPERVISOR = fileURLToPath(new URL('../supervisor.mjs', import.meta.url));

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Whom it runs as; without it, as we do. */
  readonly owner?: Owner | undefined;
}

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** What the supervisor tells: its folder, that the process runs, or does not, that it has ended. */
type Message = { folder: string } | { pid: number } | { failed: string } | { ended: string };

/**
 * One process at a time under a supervisor, which ends it and removes its folder when this process is gone. It keeps
 * this process alive only while a call waits.
 */
export class Supervised {
  private readonly supervisor: ChildProcess;
  private readonly messages: AsyncIterator<unknown[]>;
  private running: { readonly pid: number; readonly ended: Promise<string> } | undefined;
  private path = '';

  private constructor(supervisor: ChildProcess) {
    this.supervisor = supervisor;
    // Messages wait in it for whoever asks next: none is lost between two calls.
    this.messages = on(supervisor, 'message', { close: ['exit'] });
  }

  static async create(name: string): Promise<Supervised> {
    const supervisor = fork(SUPERVISOR, [join(tmpdir(), `joblet-${name}-`)], {
      // Away from a terminal's Ctrl-C, and from whoever ends this process together with its group.
      detached: true,
      execArgv: [],
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const supervised = new Supervised(supervisor);
    supervisor.unref();
    const { folder } = await supervised.awake(supervised.next('folder'));
    supervised.path = folder;
    return supervised;
  }

  /** Its files: `server.log`, and what the process makes. */
  get folder(): string {
    return this.path;
  }

  get pid(): number | undefined {
    return this.running?.pid;
  }

  /** Resolves, to its signal or exit code, when the process has ended. Undefined: none runs. */
  get ended(): Promise<string> | undefined {
    return this.running?.ended;
  }

  async start({ command, args, env = {}, owner }: Command): Promise<void> {
    if (this.running) throw new TypeError(`${command}: one process at a time, and one runs`);
    this.supervisor.send({
      start: { command, args, env: { ...process.env, NODE_OPTIONS: '', ...env }, owner },
    });
    const { pid } = await this.awake(this.next('pid'));
    const ended = this.next('ended').then(
      (message) => message.ended,
      (error: Error) => error.message,
    );
    this.running = { pid, ended: ended.finally(() => (this.running = undefined)) };
  }

  /** Runs a command that ends by itself; rejects unless it succeeds. */
  async run(command: Command): Promise<void> {
    await this.start(command);
    const ended = await this.awake(this.running!.ended);
    if (ended !== 'exit code 0') throw new Error(`${command.command}: ${ended}\n${await this.logTail()}`);
  }

  signal(signal: NodeJS.Signals): void {
    this.supervisor.send({ signal });
  }

  /** SIGKILL; resolves when the process has ended. */
  async kill(): Promise<void> {
    if (!this.running) return;
    const { ended } = this.running;
    this.signal('SIGKILL');
    await this.awake(ended);
  }

  /** All that the process has printed since it was started first. */
  async log(): Promise<string> {
    return readFile(join(this.folder, 'server.log'), 'utf8');
  }

  async logTail(): Promise<string> {
    return (await this.log()).slice(-LOG_TAIL_BYTES);
  }

  /** Kills the process and removes the folder. */
  async dispose(): Promise<void> {
    if (this.supervisor.exitCode !== null || this.supervisor.signalCode !== null) return;
    this.supervisor.ref();
    const exited = once(this.supervisor, 'exit');
    if (this.supervisor.connected) this.supervisor.disconnect();
    await exited;
  }

  private async next<Key extends string>(key: Key): Promise<Extract<Message, Record<Key, unknown>>> {
    const { done, value } = await this.messages.next();
    if (done) throw new Error('the supervisor of the process has ended');
    const [message] = value as [Message];
    if (!has(message, key)) throw new Error(`expected ${key}, found ${JSON.stringify(message)}`);
    return message;
  }

  private async awake<T>(promise: Promise<T>): Promise<T> {
    this.supervisor.channel?.ref();
    try {
      return await promise;
    } finally {
      this.supervisor.channel?.unref();
    }
  }
}

function has<Key extends string>(
  message: Message,
  key: Key,
): message is Extract<Message, Record<Key, unknown>> {
  return key in message;
}
