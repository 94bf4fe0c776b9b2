import { Socket } from 'node:net';
import { rename } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ProducerEvent } from './producer-event.js';
import { createProducer } from './producer.js';
import type { NewLog, Producer } from './producer.js';
import type { ProducerOptions } from './producer-options.js';
import { manualSchedule } from './testing/manual-schedule.js';
import { rowsOf, ServerFixture, settle, until } from './testing/server-fixture.js';

function log(content: string): NewLog {
  return { jobId: 'job-1', stream: 1, content: new TextEncoder().encode(content) };
}

const SAMPLE = { jobId: 'job-1', data: { cpuUsage: 0, memoryUsage: 0n, gpuUsage: 0 } };

function contentOf(index: number): string {
  return `${index} ${'x'.repeat(index % 300)}`;
}

describe('a producer whose server goes', () => {
  let server: ServerFixture;
  let producer: Producer;
  let events: ProducerEvent[];

  function create(options: Partial<ProducerOptions> = {}): Producer {
    events = [];
    const onEvent = (event: ProducerEvent) => events.push(event);
    producer = createProducer({ socketPath: server.path, onEvent, reconnectBaseMs: 1, ...options });
    return producer;
  }

  function eventsOf(type: ProducerEvent['type']): ProducerEvent[] {
    return events.filter((event) => event.type === type);
  }

  beforeEach(async () => {
    server = await ServerFixture.create();
  });

  afterEach(async () => {
    await producer.close({ timeoutMs: 0 });
    await server.remove();
  });

  it('waits for a server that is not there yet', async () => {
    create();
    await producer.write(log('early'));
    await until(() => eventsOf('connect-failed').length > 1);
    expect(eventsOf('connect-failed')[1]).toMatchObject({ error: { code: 'ENOENT' }, failures: 2 });
    expect(producer.stats.bufferedRows).toBe(1);
    await server.start();
    await producer.flush();
    await until(() => server.rows.length === 1);
    expect(producer.stats).toMatchObject({ sentRows: 1, uncertainRows: 0, reconnects: 0 });
  });

  it('outlives a socket file that nobody listens on', async () => {
    await server.start();
    await rename(server.path, `${server.path}-old`);
    await server.stop();
    await rename(`${server.path}-old`, server.path);
    create();
    await until(() => eventsOf('connect-failed').length > 0);
    expect(eventsOf('connect-failed')[0]).toMatchObject({ error: { code: 'ECONNREFUSED' } });
  });

  it('connects again after the server was restarted, and says which rows are uncertain', async () => {
    await server.start();
    create();
    await producer.write(log('first'));
    await producer.flush();
    await until(() => server.rows.length === 1);
    await server.stop();
    await until(() => eventsOf('disconnected').length === 1);
    expect(eventsOf('disconnected')).toEqual([{ type: 'disconnected', uncertainRows: 1 }]);
    await producer.write(log('second'));
    await server.start();
    await producer.flush();
    await until(() => server.rows.length === 2);
    expect(server.rows.map(({ sequence }) => sequence)).toEqual([0n, 1n]);
    expect(producer.stats).toMatchObject({ sentRows: 2, uncertainRows: 1, reconnects: 1 });
    await server.stop();
    await until(() => eventsOf('disconnected').length === 2);
    expect(producer.stats).toMatchObject({ sentRows: 2, uncertainRows: 2 });
  });

  it('sends a block again from its start when the connection broke within it', async () => {
    await server.start(true);
    create();
    const large = 'y'.repeat(2_000_000);
    await producer.write(log('small'));
    await producer.flush();
    await producer.write(log(large));
    await settle();
    expect(producer.stats).toMatchObject({ sentRows: 1, bufferedRows: 1 });
    const [first] = server.received;
    await server.stop();
    await until(() => eventsOf('disconnected').length === 1);
    expect(eventsOf('disconnected')[0]).toMatchObject({
      error: { code: expect.any(String) },
      uncertainRows: 1,
    });
    await server.start();
    await producer.flush();
    await until(() => server.rows.length === 1);
    expect(first.messages).toEqual([]);
    expect(server.rows[0].content).toBe(large);
    expect(server.rows[0].sequence).toBe(1n);
  });

  it('loses, doubles and invents nothing that it does not account for', async () => {
    await server.start();
    create({ bufferRowsMax: 500 });
    let limit = 300;
    server.onChunk = ({ messages, socket }) => {
      if (messages.length < limit) return;
      limit += 400;
      socket.destroy();
    };
    const total = 8_000;
    for (let index = 0; index < total; index++) await producer.write(log(contentOf(index)));
    await producer.flush();
    const { sentRows, uncertainRows, reconnects } = producer.stats;
    await until(() => (server.received.at(-1)?.messages.length ?? 0) + uncertainRows >= total);
    expect(reconnects).toBeGreaterThan(2);
    expect(sentRows).toBe(total);
    for (const received of server.received) {
      const rows = rowsOf(received);
      const start = Number(rows[0]?.sequence ?? 0n);
      rows.forEach(({ sequence, content }, index) => {
        expect(sequence).toBe(BigInt(start + index));
        expect(content).toBe(contentOf(start + index));
      });
    }
    const distinct = new Set(server.rows.map(({ sequence }) => sequence));
    expect(total - distinct.size).toBeLessThanOrEqual(uncertainRows);
    const duplicateBytes = (server.rows.length - distinct.size) * 100;
    expect(duplicateBytes).toBeLessThanOrEqual(reconnects * 65_536);
  });

  it('tells the end of a connection without an error', async () => {
    await server.start();
    create();
    await until(() => server.received.length === 1);
    server.received[0].socket.end();
    await until(() => server.received.length === 2 && producer.stats.state === 'connected');
    expect(events).toEqual([
      { type: 'connected' },
      { type: 'disconnected', uncertainRows: 0 },
      { type: 'connected' },
    ]);
  });

  it('leaves a server that ends the connection without reading on', async () => {
    await server.start(true);
    create();
    await producer.write(log('y'.repeat(2_000_000)));
    await settle();
    server.received[0].socket.end();
    await until(() => server.received.length === 2);
    expect(eventsOf('disconnected')).toHaveLength(1);
    server.received[1].socket.resume();
    await producer.flush();
    await until(() => server.rows.length === 1);
  });

  it('waits longer from failure to failure, with full jitter', async () => {
    const { schedule, timers, pending } = manualSchedule();
    const draws = [0.5, 0.25, 0.75, 0.5, 0.5, 0.5];
    create({ schedule, random: () => draws.shift() ?? 0, reconnectBaseMs: 100, reconnectCapMs: 1_000 });
    for (let failure = 1; failure <= 6; failure++) {
      await until(() => eventsOf('connect-failed').length === failure);
      const [retry] = pending();
      if (failure < 6) retry.fire();
    }
    const retries = timers.filter((_, index) => index % 2 === 1);
    expect(retries.map(({ delayMs }) => delayMs)).toEqual([50, 50, 300, 400, 500, 500]);
    expect(pending().map(({ isRef }) => isRef)).toEqual([false]);
    await producer.write(log('x'));
    await settle();
    expect(pending().map(({ isRef }) => isRef)).toEqual([true]);
    const closed = producer.close();
    pending()
      .find(({ delayMs }) => delayMs === 5_000)
      ?.fire();
    expect(await closed).toMatchObject({ unsentRows: 1 });
  });

  it('starts again with short delays only after a connection that lasted', async () => {
    const { schedule, pending } = manualSchedule();
    await server.start();
    create({ schedule, random: () => 0.5, reconnectBaseMs: 100, reconnectCapMs: 1_000 });
    const breakConnection = async (count: number) => {
      await until(() => server.received.length === count && producer.stats.state === 'connected');
      server.received[count - 1].socket.destroy();
      await until(() => producer.stats.state === 'waiting');
      const [retry] = pending();
      retry.fire();
      return retry.delayMs;
    };
    expect(await breakConnection(1)).toBe(50);
    expect(await breakConnection(2)).toBe(100);
    await until(() => server.received.length === 3 && producer.stats.state === 'connected');
    const [lasted] = pending();
    expect(lasted).toMatchObject({ delayMs: 1_000, isRef: false });
    lasted.fire();
    expect(await breakConnection(3)).toBe(50);
    await until(() => server.received.length === 4);
  });

  it('gives up after the attempts it was allowed, and rejects all that waits', async () => {
    create({ reconnectAttemptsMax: 3, bufferRowsMax: 1 });
    await producer.write(log('buffered'));
    const waiting = producer.write(log('waiting'));
    const flush = producer.flush();
    const unreachable = {
      code: 'UNREACHABLE',
      message: `gave up connecting to ${server.path} after 4 failures in a row: connect ENOENT ${server.path}`,
      cause: { code: 'ENOENT' },
    };
    await expect(waiting).rejects.toMatchObject(unreachable);
    await expect(flush).rejects.toMatchObject(unreachable);
    await expect(producer.write(log('late'))).rejects.toMatchObject(unreachable);
    await expect(producer.flush()).rejects.toMatchObject(unreachable);
    expect(eventsOf('connect-failed')).toHaveLength(4);
    expect(events.at(-1)).toMatchObject({ type: 'gave-up', error: unreachable });
    expect(producer.stats.state).toBe('failed');
    expect(await producer.close()).toEqual({ unsentRows: 1, droppedRows: 0, uncertainRows: 0 });
  });

  it('leaves a server that speaks for good: it is no write channel', async () => {
    await server.start();
    create();
    await producer.write(log('sent'));
    await producer.flush();
    const error = {
      code: 'NOT_A_WRITE_CHANNEL',
      message: `${server.path} is not persist's write channel: it sent data; name persist.ipc.socket`,
    };
    await until(() => server.received.length === 1);
    server.received[0].socket.write('x');
    await until(() => producer.stats.state === 'failed');
    await until(() => server.received[0].socket.destroyed);
    await expect(producer.write(log('late'))).rejects.toMatchObject(error);
    await expect(producer.writeMetric(SAMPLE)).rejects.toMatchObject(error);
    expect(events).toMatchObject([
      { type: 'connected' },
      { type: 'disconnected', error, uncertainRows: 1 },
      { type: 'gave-up', error },
    ]);
    expect(server.received).toHaveLength(1);
    expect(await producer.close()).toEqual({ unsentRows: 0, droppedRows: 0, uncertainRows: 1 });
  });

  it('gives an attempt up that takes too long', async () => {
    const { schedule, timers } = manualSchedule();
    create({ schedule, connect: () => new Socket(), connectTimeoutMs: 700 });
    expect(timers.map(({ delayMs }) => delayMs)).toEqual([700]);
    timers[0].fire();
    await until(() => eventsOf('connect-failed').length === 1);
    const message = `no connection to ${server.path} within 700 ms`;
    expect(eventsOf('connect-failed')[0]).toMatchObject({ error: { message }, failures: 1 });
    expect(producer.stats.state).toBe('waiting');
  });
});
