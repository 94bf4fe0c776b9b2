import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import type { Socket } from 'node:net';
import { connected } from './service-process.js';

/** Speaks the protocol of the state service by hand: lines out, lines in. */
export class LineClient {
  private readonly lines: AsyncIterator<string>;
  private readonly reader: Interface;

  private constructor(readonly socket: Socket) {
    socket.on('error', () => undefined);
    this.reader = createInterface({ input: socket, crlfDelay: Infinity });
    this.lines = this.reader[Symbol.asyncIterator]();
  }

  static async connect(path: string): Promise<LineClient> {
    return new LineClient(await connected(path));
  }

  /** Writes the text as it is; what the other side does not take any more, its missing answer tells. */
  async write(text: string): Promise<void> {
    if (!this.socket.write(text)) await once(this.socket, 'drain').catch(() => undefined);
  }

  /** Undefined when the other side has closed. */
  async line(): Promise<string | undefined> {
    const { value, done } = await this.lines.next();
    return done === true ? undefined : value;
  }

  /** The answer to one request. */
  async ask(request: object): Promise<Answer> {
    await this.write(`${JSON.stringify(request)}\n`);
    const line = await this.line();
    if (line === undefined) throw new Error('the state service has closed the connection');
    return JSON.parse(line) as Answer;
  }

  close(): void {
    this.socket.destroy();
  }
}

export interface Answer {
  readonly requestId: string;
  readonly success: boolean;
  readonly error?: string;
  readonly code?: string;
  readonly job?: Record<string, unknown>;
  readonly jobs?: Record<string, unknown>[];
  readonly nextCursor?: string;
  readonly truncated?: boolean;
}
