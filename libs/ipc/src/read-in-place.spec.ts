import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { readInPlace } from './read-in-place.js';
import { until } from './testing/ipc-fixture.js';

it('reads all connections into one buffer, ends with them, and lets the server close', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ipc-'));
  const received: string[] = [];
  const buffers = new Set<ArrayBufferLike>();
  const closed: Promise<unknown>[] = [];
  const server = createServer({ pauseOnConnect: true }, (accepted) => {
    const index = received.push('') - 1;
    const socket = readInPlace(accepted, (chunk) => {
      received[index] += Buffer.from(chunk).toString();
      buffers.add(chunk.buffer);
    });
    closed.push(once(socket, 'close'));
    socket.resume();
  });
  server.listen(join(folder, 's'));
  await once(server, 'listening');
  const clients = [connect(join(folder, 's')), connect(join(folder, 's'))];
  await until(() => closed.length === 2);
  for (const text of ['one ', 'two ', 'three']) {
    const before = received.map(({ length }) => length);
    for (const client of clients) client.write(text);
    await until(() => received.every(({ length }, index) => length === before[index] + text.length));
  }
  expect(received).toEqual(['one two three', 'one two three']);
  expect(buffers.size).toBe(1);
  for (const client of clients) client.end();
  await Promise.all(closed);
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

it('reads what has no handle by its events', async () => {
  const accepted = new Socket();
  const received: string[] = [];
  const socket = readInPlace(accepted, (chunk) => received.push(Buffer.from(chunk).toString()));
  expect(socket).toBe(accepted);
  const read = once(socket, 'data');
  socket.push('x');
  await read;
  expect(received).toEqual(['x']);
  socket.destroy();
});
