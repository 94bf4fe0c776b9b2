import { DisconnectsClientError, TimeoutError } from 'redis';
import { StateStoreError, type StoreLogger } from '@joblet/state-store';
import { newClient, type Client } from './client.js';
import { isMissingScript, isRefusal, storeError } from './errors.js';
import { KEY_PREFIX } from './keys.js';
import { ANSWER_TIMEOUT_MS, OPEN_TIMEOUT_MS } from './limits.js';
import { targetOf, type RedisStateStoreOptions } from './options.js';
import type { Script } from './scripts/script.js';

/** Sends one command. */
type Send<T> = (client: Pick<Client, 'sendCommand'>) => Promise<T>;

/** The driver's connection, which it makes again when it breaks; what is asked for meanwhile waits, for some time. */
export class Connection {
  /** `host:port`, for messages. */
  readonly name: string;
  private readonly makeClient: () => Client;
  private readonly logger: StoreLogger | undefined;
  readonly answerTimeoutMs: number;
  private client: Client;
  private isLost = false;

  private constructor(options: RedisStateStoreOptions) {
    const target = targetOf(options);
    this.name = `${target.host}:${target.port}`;
    this.logger = options.logger;
    this.answerTimeoutMs = options.answerTimeoutMs ?? ANSWER_TIMEOUT_MS;
    this.makeClient = () => this.watched(newClient(target, options.ca));
    this.client = this.makeClient();
  }

  /** UNAVAILABLE when no server answers in time; INVALID_ARGUMENT when it refuses the password or the database. */
  static async open(options: RedisStateStoreOptions): Promise<Connection> {
    const connection = new Connection(options);
    await connection.connectFirst(options.signal);
    return connection;
  }

  /** The answer to a command. UNAVAILABLE when there is none in time: the command may have been carried out. */
  async send<T>(...words: readonly string[]): Promise<T> {
    return this.answered((client) => client.sendCommand<T>([...words]));
  }

  /** The answer of a script. */
  async run<T>(script: Script, ...argv: readonly string[]): Promise<T> {
    const rest = ['1', KEY_PREFIX, ...argv];
    return this.answered(async (client) => {
      try {
        return await client.sendCommand<T>(['EVALSHA', script.sha1, ...rest]);
      } catch (error) {
        // A server that has been started since does not know it.
        if (!isMissingScript(error)) throw error;
        return client.sendCommand<T>(['EVAL', script.text, ...rest]);
      }
    });
  }

  /** Breaks off what is under way. */
  close(): void {
    this.client.destroy();
  }

  private async answered<T>(send: Send<T>): Promise<T> {
    const { client } = this;
    // A command that has not been sent when its caller is told so is not sent any more.
    const patient = client.isReady ? client : client.withCommandOptions({ timeout: this.answerTimeoutMs });
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<T>((resolve, reject) => {
        timer = setTimeout(() => {
          reject(this.tooLate());
          this.replace(client);
        }, this.answerTimeoutMs);
        send(patient).then(resolve, reject);
      });
    } catch (error) {
      // Another command on the same connection had no answer in time: it was given up.
      const isTooLate = error instanceof TimeoutError || error instanceof DisconnectsClientError;
      throw isTooLate ? this.tooLate() : storeError(error, `Redis at ${this.name}`);
    } finally {
      clearTimeout(timer);
    }
  }

  private tooLate(): StateStoreError {
    return new StateStoreError(
      'UNAVAILABLE',
      `Redis at ${this.name}: no answer in ${this.answerTimeoutMs} ms`,
    );
  }

  /** Of a connection that is there and gives no answer, perhaps only one side knows that it is lost. */
  private replace(client: Client): void {
    if (!client.isReady || client !== this.client) return;
    this.client = this.makeClient();
    // The driver goes on trying, and tells of errors as events.
    this.client.connect().catch(() => undefined);
    client.destroy();
  }

  private async connectFirst(signal: AbortSignal | undefined): Promise<void> {
    const { client } = this;
    let lastError: unknown = new Error(`no connection in ${OPEN_TIMEOUT_MS} ms`);
    const stopped = new Promise<never>((_, reject) => {
      const stop = (): void => reject(lastError);
      const timer = setTimeout(stop, OPEN_TIMEOUT_MS);
      signal?.addEventListener('abort', stop, { once: true });
      client.on('error', (error: unknown) => {
        lastError = error;
        // Nobody mends it while this one waits.
        if (isRefusal(error)) stop();
      });
      client.once('ready', () => clearTimeout(timer));
      client.once('end', () => clearTimeout(timer));
    });
    stopped.catch(() => undefined);
    try {
      signal?.throwIfAborted();
      // A server that wants a password accepts connections without one.
      await Promise.race([client.connect().then(() => client.ping()), stopped]);
    } catch (error) {
      client.destroy();
      const what = `Redis at ${this.name} cannot be opened`;
      if (!isRefusal(error)) throw storeError(error, what);
      throw new StateStoreError('INVALID_ARGUMENT', `${what}: ${error.message}`, { cause: error });
    }
  }

  private watched(client: Client): Client {
    client.on('error', (error: unknown) => {
      if (this.isLost || client !== this.client) return;
      this.isLost = true;
      this.logger?.warn({ redis: this.name, error: String(error) }, 'there is no connection to Redis');
    });
    client.on('ready', () => {
      if (this.isLost) this.logger?.info({ redis: this.name }, 'there is a connection to Redis again');
      this.isLost = false;
    });
    return client;
  }
}
