import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port.js';
import { PROBE_INTERVAL_MS, START_TIMEOUT_MS } from './limits.js';
import { isStopped } from './process-state.js';
import { Supervised, type Command } from './supervised.js';

/** How a kind of server is made and asked. */
export interface Recipe {
  readonly name: string;
  /** Makes its files, once. */
  prepare?(supervised: Supervised): Promise<void>;
  command(port: number, folder: string): Command;
  /** Whether it does its work already. Rejects, or resolves to false, while it does not. */
  answers(port: number): Promise<boolean>;
}

const PORT_TAKEN = /address already in use|failed to bind/i;
/** PostgreSQL: processes of the one that was killed have not ended yet. */
const PREDECESSOR_THERE = /pre-existing shared memory block|lock file "postmaster\.pid" already exists/;

/** A server that answers, and how to start it again. */
export interface Started {
  readonly recipe: Recipe;
  readonly supervised: Supervised;
  readonly port: number;
}

/** A server on 127.0.0.1 with data of its own, which is gone after `stop`, and when this process ends in any way. */
export class Server implements AsyncDisposable {
  readonly host = '127.0.0.1';
  readonly port: number;
  private readonly recipe: Recipe;
  private readonly supervised: Supervised;

  constructor({ recipe, supervised, port }: Started) {
    this.port = port;
    this.recipe = recipe;
    this.supervised = supervised;
  }

  /** Its data, and `server.log`. */
  get folder(): string {
    return this.supervised.folder;
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.supervised.pid;
  }

  /** SIGKILL, also to what it has forked; resolves when it has ended. Its data stay. */
  kill(): Promise<void> {
    return this.supervised.kill();
  }

  /** Starts it again, after a kill if it runs, with the same data and port; resolves when it answers. */
  async restart(): Promise<void> {
    await this.supervised.kill();
    await startAt(this.recipe, this.supervised, this.port, PREDECESSOR_THERE);
  }

  /** SIGSTOP, also to what it has forked; resolves when all stand still: connections stay open, and no answer comes. */
  async pause(): Promise<void> {
    this.supervised.signal('SIGSTOP');
    while (this.pid !== undefined && !isStopped(this.pid)) await delay(PROBE_INTERVAL_MS);
  }

  resume(): void {
    this.supervised.signal('SIGCONT');
  }

  /** All that it has printed. */
  log(): Promise<string> {
    return this.supervised.log();
  }

  /** Kills it and removes its data. */
  stop(): Promise<void> {
    return this.supervised.dispose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** Rejects with the end of the server's log when it does not start. */
export async function startServer(recipe: Recipe): Promise<Started> {
  const supervised = await Supervised.create(recipe.name);
  try {
    await recipe.prepare?.(supervised);
    return { recipe, supervised, port: await startAnywhere(recipe, supervised) };
  } catch (error) {
    await supervised.dispose();
    throw error;
  }
}

/** At a free port: at another one when somebody takes it in between. */
async function startAnywhere(recipe: Recipe, supervised: Supervised): Promise<number> {
  for (;;) {
    const port = await freePort();
    try {
      await startAt(recipe, supervised, port);
      return port;
    } catch (error) {
      if (!PORT_TAKEN.test(String(error))) throw error;
    }
  }
}

/** Resolves when it answers. One that ends with `transient` in its log is started again. */
async function startAt(
  recipe: Recipe,
  supervised: Supervised,
  port: number,
  transient?: RegExp,
): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  const before = (await supervised.log()).length;
  for (;;) {
    await supervised.start(recipe.command(port, supervised.folder));
    const failure = await answersOrEnds(recipe, supervised, port, deadline);
    if (failure === undefined) return;
    await supervised.kill();
    const log = (await supervised.log()).slice(before);
    if (!transient?.test(log) || performance.now() > deadline)
      throw new Error(`${recipe.name} at port ${port}: ${failure}\n${await supervised.logTail()}`);
  }
}

/** Undefined when it answers, else what happened instead. */
async function answersOrEnds(
  { answers }: Recipe,
  supervised: Supervised,
  port: number,
  deadline: number,
): Promise<string | undefined> {
  const ended = supervised.ended;
  let failure = `no answer within ${START_TIMEOUT_MS} ms`;
  void ended?.then((how) => (failure = `ended with ${how}`));
  while (supervised.pid !== undefined && performance.now() < deadline) {
    if (await answers(port).catch(() => false)) return undefined;
    await Promise.race([ended, delay(PROBE_INTERVAL_MS)]);
  }
  return failure;
}
