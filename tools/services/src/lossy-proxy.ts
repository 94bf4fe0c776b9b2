import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP proxy that can lose an answer: the request arrives, and its connection breaks before the answer does. */
export class LossyProxy implements AsyncDisposable {
  private readonly sockets = new Set<Socket>();
  private lost: ((request: Buffer) => boolean) | undefined;
  /** Answers that were lost. */
  losses = 0;

  private readonly server = createServer((client) => this.relay(client));

  private constructor(private readonly target: number) {}

  /** In front of a port of this machine. */
  static async start(target: number): Promise<LossyProxy> {
    const proxy = new LossyProxy(target);
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Loses the answer to the next request that matches. */
  loseAnswerTo(matches: (request: Buffer) => boolean): void {
    this.lost = matches;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    const closed = once(this.server, 'close');
    this.server.close();
    await closed;
  }

  private relay(client: Socket): void {
    const server = connect(this.target, '127.0.0.1');
    let isLost = false;
    for (const socket of [client, server]) {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    client.on('data', (request) => {
      if (this.lost?.(request)) {
        this.lost = undefined;
        isLost = true;
      }
      server.write(request);
    });
    server.on('data', (answer) => {
      if (!isLost) client.write(answer);
      else {
        this.losses++;
        client.destroy();
      }
    });
  }
}
