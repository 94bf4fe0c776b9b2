import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { FrameTooLargeError } from './frame-too-large-error.js';
import { createIpcServer } from './ipc-server.js';
import { capture } from './testing/capture.js';
import { fillKernel, openIpcFixture, send, settle, until } from './testing/ipc-fixture.js';
import type { IpcFixture } from './testing/ipc-fixture.js';
import { concat, logFrame } from './testing/messages.js';
import { recordingSink } from './testing/recording-sink.js';

const small = new Uint8Array(10).fill(120);
const kilobytes = new Uint8Array(8_000).fill(121);

function count(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}

describe('IpcServer', () => {
  let fixture: IpcFixture;

  afterEach(() => fixture.close());

  it('reads several producers into a sink each, and never writes to them', async () => {
    fixture = await openIpcFixture();
    const { server, sinks, events } = fixture;
    let written = 0;
    server.netServer.on('connection', (socket) => socket.on('close', () => (written += socket.bytesWritten)));
    const clients = [await fixture.client(), await fixture.client(), await fixture.client()];
    let received = 0;
    for (const client of clients) client.on('data', ({ length }) => (received += length));
    await until(() => server.connections === 3);
    await Promise.all(clients.map((client) => send(client, capture)));
    for (const client of clients) client.end();
    await until(() => server.connections === 0);
    expect([...sinks.values()].map(({ logs, metrics }) => [logs.length, metrics.length])).toEqual([
      [200, 4],
      [200, 4],
      [200, 4],
    ]);
    expect(fixture.sequences(2)).toEqual(count(200));
    expect([written, received]).toEqual([0, 0]);
    expect(events.filter(({ type }) => type === 'opened')).toHaveLength(3);
    const closed = { type: 'closed', connection: 3, reason: 'ended', halfFrameBytes: 0 };
    expect(events).toContainEqual(closed);
  });

  it('leaves with the producers what it does not read', async () => {
    fixture = await openIpcFixture();
    const { server } = fixture;
    const clients = [await fixture.client(), await fixture.client()];
    await until(() => server.connections === 2);
    server.pause('disk');
    const taken = await Promise.all(
      clients.map((client) => fillKernel(client, (index) => logFrame(index, kilobytes))),
    );
    expect(clients.every(({ writableLength }) => writableLength > 0)).toBe(true);
    expect([fixture.sequences(1), fixture.sequences(2)]).toEqual([[], []]);
    server.resume('disk');
    await until(() => clients.every(({ writableLength }) => writableLength === 0));
    await until(() => [1, 2].every((id) => fixture.sequences(id).length === taken[id - 1] + 1));
    expect(fixture.sequences(1)).toEqual(count(taken[0] + 1));
  });

  it('stops within one chunk when a sink pauses it', async () => {
    const sink = recordingSink();
    const log = (...message: Parameters<typeof sink.log>) => {
      sink.log(...message);
      fixture.server.pause('queue');
    };
    fixture = await openIpcFixture({ createSink: () => ({ ...sink, log }) });
    const client = await fixture.client();
    const taken = await fillKernel(client, (index) => logFrame(index, kilobytes));
    expect(sink.logs.length).toBeGreaterThan(0);
    expect(sink.logs.length).toBeLessThan(10);
    expect(sink.logs.length).toBeLessThan(taken);
  });

  it('closes a connection whose frame is above the limit, tells it once, and goes on with the others', async () => {
    fixture = await openIpcFixture({ frameSizeMax: 1000 });
    const [bad, good] = [await fixture.client(), await fixture.client()];
    const oversized = Uint8Array.of(0, 0, 0x10, 0);
    const closed = once(bad, 'close');
    await send(bad, concat(logFrame(0, small), oversized, capture));
    await closed;
    await send(good, logFrame(0, small));
    await until(() => fixture.sequences(2).length === 1);
    expect(fixture.sequences(1)).toEqual([0]);
    expect(fixture.events.filter(({ type }) => type === 'closed')).toEqual([
      {
        type: 'closed',
        connection: 1,
        reason: 'frame-too-large',
        error: new FrameTooLargeError(4096, 1000),
        halfFrameBytes: 4,
      },
    ]);
  });

  it('reads connections beyond the limit when others close, in the order of their coming', async () => {
    fixture = await openIpcFixture({ connectionsMax: 1 });
    const { server, events } = fixture;
    const clients = [await fixture.client(), await fixture.client(), await fixture.client()];
    for (const client of clients) client.end(logFrame(0, small));
    clients[0].destroy();
    await until(() => events.filter(({ type }) => type === 'closed').length === 3);
    expect([1, 2, 3].map((id) => fixture.sequences(id))).toEqual([[0], [0], [0]]);
    const waits = events.filter(({ type }) => type === 'waiting');
    expect(waits.map((event) => event.type === 'waiting' && event.connection)).not.toContain(1);
    expect([server.connections, server.waitingConnections]).toEqual([0, 0]);
  });

  it('does not read a waiting connection', async () => {
    fixture = await openIpcFixture({ connectionsMax: 1 });
    const { server, events } = fixture;
    const first = await fixture.client();
    const second = await fixture.client();
    await until(() => server.waitingConnections === 1);
    expect(events).toContainEqual({ type: 'waiting', connection: 2, waitingConnections: 1 });
    await fillKernel(second, (index) => logFrame(index, kilobytes));
    expect(fixture.sequences(2)).toEqual([]);
    first.destroy();
    await until(() => fixture.sequences(2).length > 0);
    expect([server.connections, server.waitingConnections]).toEqual([1, 0]);
  });

  it('counts a half frame when its producer goes', async () => {
    fixture = await openIpcFixture();
    const client = await fixture.client();
    await send(client, concat(logFrame(0, small), logFrame(1, small).subarray(0, 20)));
    await until(() => fixture.server.heldBytes === 20);
    client.destroy();
    await until(() => fixture.server.connections === 0);
    const closed = { type: 'closed', connection: 1, reason: 'ended', halfFrameBytes: 20 };
    expect(fixture.events).toContainEqual(closed);
    expect(fixture.server.heldBytes).toBe(0);
  });

  it('reports a reset, and keeps what came before', async () => {
    fixture = await openIpcFixture();
    // A unix socket is reset when its other end closes without having read all: so this test writes to the producer.
    fixture.server.netServer.on('connection', (socket) => socket.write(new Uint8Array(150_000)));
    const client = await fixture.client();
    client.pause();
    await send(client, logFrame(0, small));
    await settle();
    client.destroy();
    await until(() => fixture.server.connections === 0);
    expect(fixture.sequences(1)).toEqual([0]);
    const closed = fixture.events.at(-1);
    expect(closed).toMatchObject({ type: 'closed', reason: 'failed', error: { code: 'ECONNRESET' } });
  });

  it('refuses a budget that could not hold one read', async () => {
    fixture = await openIpcFixture();
    const options = { createSink: recordingSink, onEvent: () => undefined, budgetBytes: 100 };
    expect(() => createIpcServer(options)).toThrow('budgetBytes is 100; expected at least 65536');
  });

  it('reports that it cannot listen', async () => {
    fixture = await openIpcFixture();
    const events: unknown[] = [];
    const second = createIpcServer({ createSink: recordingSink, onEvent: (event) => events.push(event) });
    second.netServer.listen(fixture.path);
    await until(() => events.length === 1);
    expect(events).toMatchObject([{ type: 'server-error', error: { code: 'EADDRINUSE' } }]);
  });

  it('keeps half frames within the budget, and lets each of them be finished', async () => {
    let pending = 0;
    let peak = 0;
    const measure = () => (peak = Math.max(peak, pending + fixture.server.heldBytes));
    const sink = recordingSink();
    const createSink = () => ({
      ...sink,
      log: (...message: Parameters<typeof sink.log>) => {
        sink.log(...message);
        pending += message[0].length;
        fixture.server.reportPending(pending);
      },
    });
    const frameSizeMax = 3_000_000;
    fixture = await openIpcFixture({ createSink, budgetBytes: 1_000_000, frameSizeMax });
    const clients = [await fixture.client(), await fixture.client(), await fixture.client()];
    const frame = logFrame(0, new Uint8Array(2_500_000).fill(1));
    for (const client of clients) client.write(frame.subarray(0, 2_000_000));
    await settle();
    measure();
    expect(fixture.server.heldBytes).toBeGreaterThan(1_000_000);
    expect(clients.some(({ writableLength }) => writableLength > 0)).toBe(true);
    for (const client of clients) client.write(frame.subarray(2_000_000));
    while (sink.logs.length < 3) {
      await until(() => pending > 0);
      measure();
      pending = 0;
      fixture.server.reportPending(0);
    }
    expect(peak).toBeLessThan(1_000_000 + frameSizeMax + 8 * 65_536);
    expect(fixture.server.heldBytes).toBe(0);
  });
});
