import { connect } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { fillKernel, openIpcFixture, send, until } from './testing/ipc-fixture.js';
import type { IpcFixture } from './testing/ipc-fixture.js';
import { concat, logFrame } from './testing/messages.js';

const small = new Uint8Array(10).fill(120);
const kilobytes = new Uint8Array(8_000).fill(121);

function count(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}

function eventTypes({ events }: IpcFixture): string[] {
  return events.map(({ type }) => type);
}

describe('IpcServer.drain', () => {
  let fixture: IpcFixture;

  afterEach(() => fixture.close());

  it('reads all that the kernel holds, of producers that are gone as well', async () => {
    fixture = await openIpcFixture();
    const { server } = fixture;
    const clients = [await fixture.client(), await fixture.client()];
    await until(() => server.connections === 2);
    server.pause('start');
    const [gone, there] = await Promise.all(
      clients.map((client) => fillKernel(client, (index) => logFrame(index, kilobytes))),
    );
    clients[0].destroy();
    const drained = server.drain();
    server.resume('start');
    expect(await drained).toMatchObject({ expired: false });
    expect(fixture.sequences(1).slice(0, gone)).toEqual(count(gone));
    expect(fixture.sequences(2).slice(0, there)).toEqual(count(there));
    expect(gone).toBeGreaterThan(10);
    expect([server.connections, server.netServer.listening]).toEqual([0, false]);
  });

  it('goes on as long as a producer keeps the kernel filled', async () => {
    fixture = await openIpcFixture();
    const { server } = fixture;
    const client = await fixture.client();
    await until(() => server.connections === 1);
    server.pause('start');
    for (let index = 0; index < 2_000; index++) client.write(logFrame(index, kilobytes));
    const drained = server.drain();
    server.resume('start');
    expect(await drained).toMatchObject({ expired: false });
    expect(fixture.sequences(1)).toEqual(count(2_000));
  });

  it('accepts and reads what is in the backlog', async () => {
    fixture = await openIpcFixture();
    const { server, path } = fixture;
    const sockets = Array.from({ length: 20 }, () => connect(path));
    for (const socket of sockets) socket.end(logFrame(0, small));
    await server.drain();
    expect(sockets.map((_, index) => fixture.sequences(index + 1))).toEqual(sockets.map(() => [0]));
    for (const socket of sockets) socket.destroy();
  });

  it('reads connections beyond the limit, too', async () => {
    fixture = await openIpcFixture({ connectionsMax: 1 });
    const { server } = fixture;
    const clients = [await fixture.client(), await fixture.client(), await fixture.client()];
    for (const client of clients) await send(client, concat(logFrame(0, small), logFrame(1, small)));
    await until(() => server.waitingConnections === 2);
    const report = await server.drain();
    expect(report).toEqual({ expired: false, connections: 3, halfFrames: 0, halfFrameBytes: 0 });
    expect([1, 2, 3].map((id) => fixture.sequences(id))).toEqual([count(2), count(2), count(2)]);
  });

  it('waits while the app withholds reading, and gives up when the time is over', async () => {
    fixture = await openIpcFixture();
    const { server } = fixture;
    const client = await fixture.client();
    await until(() => server.connections === 1);
    server.pause('disk');
    await send(client, logFrame(0, small));
    const report = await server.drain({ timeoutMs: 30 });
    expect(report).toMatchObject({ expired: true, connections: 1 });
    expect(fixture.sequences(1)).toEqual([]);
    expect(fixture.events.at(-1)).toMatchObject({ type: 'closed', reason: 'drained' });
  });

  it('goes on as the app stores what it was given', async () => {
    fixture = await openIpcFixture({ budgetBytes: 70_000 });
    const { server } = fixture;
    const client = await fixture.client();
    await until(() => server.connections === 1);
    server.reportPending(70_000);
    const taken = await fillKernel(client, (index) => logFrame(index, kilobytes));
    client.destroy();
    const drained = server.drain();
    server.reportPending(0);
    expect(await drained).toMatchObject({ expired: false });
    expect(fixture.sequences(1).slice(0, taken)).toEqual(count(taken));
  });

  it('counts half frames', async () => {
    fixture = await openIpcFixture();
    const { server } = fixture;
    const client = await fixture.client();
    await send(client, concat(logFrame(0, small), logFrame(1, small).subarray(0, 15)));
    const report = await server.drain();
    expect(report).toEqual({ expired: false, connections: 1, halfFrames: 1, halfFrameBytes: 15 });
    expect(fixture.sequences(1)).toEqual([0]);
    const closed = { type: 'closed', connection: 1, reason: 'drained', halfFrameBytes: 15 };
    expect(fixture.events.at(-1)).toEqual(closed);
  });

  it('does the same once only, also without connections', async () => {
    fixture = await openIpcFixture();
    const first = fixture.server.drain();
    expect(fixture.server.drain()).toBe(first);
    expect(await first).toEqual({ expired: false, connections: 0, halfFrames: 0, halfFrameBytes: 0 });
    expect(eventTypes(fixture)).toEqual([]);
  });
});
