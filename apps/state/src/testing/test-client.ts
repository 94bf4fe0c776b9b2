import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

export interface Reply {
  readonly requestId: string;
  readonly success: boolean;
  readonly error?: string;
  readonly code?: string;
  readonly job?: Record<string, unknown>;
  readonly jobs?: Record<string, unknown>[];
  readonly nextCursor?: string;
  readonly truncated?: boolean;
}

/** Lines out, lines in. Reads nothing until it is asked for a line. */
export class TestClient {
  private lines: AsyncIterator<string> | undefined;

  private constructor(readonly socket: Socket) {}

  static async connect(path: string): Promise<TestClient> {
    const socket = connect({ path, allowHalfOpen: true });
    socket.on('error', () => socket.destroy());
    await once(socket, 'connect');
    return new TestClient(socket);
  }

  write(text: string): void {
    this.socket.write(text);
  }

  /** Undefined when the server has closed. */
  async reply(): Promise<Reply | undefined> {
    this.lines ??= createInterface({ input: this.socket })[Symbol.asyncIterator]();
    const { value, done } = await this.lines.next();
    return done === true ? undefined : (JSON.parse(value) as Reply);
  }

  async ask(request: object): Promise<Reply> {
    this.write(`${JSON.stringify(request)}\n`);
    const reply = await this.reply();
    if (reply === undefined) throw new Error('the server has closed');
    return reply;
  }

  close(): void {
    this.socket.destroy();
  }
}
