import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { PROBE_TIMEOUT_MS } from './limits.js';

/** What a server sends first when it is sent `request`. Rejects when it refuses, hangs up or takes too long. */
export function firstBytes(
  port: number,
  request: Buffer | string,
  tls?: { readonly ca: string },
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = tls ? connectTls({ port, host: '127.0.0.1', ca: tls.ca }) : connect(port, '127.0.0.1');
    socket.setTimeout(PROBE_TIMEOUT_MS, () => socket.destroy(new Error('no answer')));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the connection was closed')));
    socket.once('data', (data) => {
      resolve(data);
      socket.destroy();
    });
    socket.write(request);
  });
}
