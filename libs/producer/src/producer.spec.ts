import { getEventListeners } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { decodeMetric } from '@joblet/wire';
import { BufferedProducer } from './buffered-producer.js';
import type { ProducerEvent } from './producer-event.js';
import { createProducer } from './producer.js';
import type { NewLog, Producer } from './producer.js';
import { checkOptions } from './producer-options.js';
import type { ProducerOptions } from './producer-options.js';
import { ServerFixture, settle, until } from './testing/server-fixture.js';

const NOW = 1_763_600_000_000_000_123n;

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function log(content: string | Uint8Array, jobId = 'job-1'): NewLog {
  return { jobId, stream: 1, content: typeof content === 'string' ? bytes(content) : content };
}

describe('createProducer', () => {
  let server: ServerFixture;
  let producer: Producer;
  let events: ProducerEvent[];

  function create(options: Partial<ProducerOptions> = {}): Producer {
    events = [];
    const onEvent = (event: ProducerEvent) => events.push(event);
    producer = createProducer({ socketPath: server.path, onEvent, now: () => NOW, ...options });
    return producer;
  }

  beforeEach(async () => {
    server = await ServerFixture.create();
  });

  afterEach(async () => {
    await producer.close({ timeoutMs: 0 });
    await server.remove();
  });

  it('sends rows in order, numbered from 0 for each job, logs and metrics apart', async () => {
    await server.start();
    create();
    const data = {
      cpuUsage: 1.5,
      memoryUsage: 2n ** 40n,
      gpuUsage: 0,
      diskIo: { readBytes: 1n, writeBytes: 2n, readOps: 3n, writeOps: 4n },
    };
    await producer.write(log('a\n', 'one'));
    await producer.write(log('b\n', 'two'));
    await producer.write({ jobId: 'one', stream: 2, content: bytes('c\n'), timestamp: 7n });
    await producer.writeMetric({ jobId: 'one', data });
    await producer.flush();
    await until(() => server.received[0].messages.length === 4);
    expect(server.rows).toEqual([
      { jobId: 'one', stream: 1, timestamp: NOW, sequence: 0n, content: 'a\n' },
      { jobId: 'two', stream: 1, timestamp: NOW, sequence: 0n, content: 'b\n' },
      { jobId: 'one', stream: 2, timestamp: 7n, sequence: 1n, content: 'c\n' },
    ]);
    const envelopes = server.received[0].messages.map(({ version, type, jobId, timestamp, sequence }) => ({
      version,
      type,
      jobId,
      timestamp,
      sequence,
    }));
    expect(envelopes).toEqual([
      { version: 1, type: 1, jobId: 'one', timestamp: NOW, sequence: 0n },
      { version: 1, type: 1, jobId: 'two', timestamp: NOW, sequence: 0n },
      { version: 1, type: 1, jobId: 'one', timestamp: 7n, sequence: 1n },
      { version: 1, type: 2, jobId: 'one', timestamp: NOW, sequence: 0n },
    ]);
    const metric = decodeMetric(server.received[0].messages[3].data);
    expect(metric).toEqual({ jobId: 'one', timestamp: NOW, sequence: 0n, data });
  });

  it('keeps any content, of any size, as it was when write was called', async () => {
    await server.start();
    create();
    const large = new Uint8Array(3_000_000).map((_, index) => index * 7);
    const contents = [Uint8Array.of(0, 255, 10), new Uint8Array(0), large];
    const expected = contents.map((content) => Buffer.from(content).toString('latin1'));
    const writes = contents.map((content) => producer.write(log(content)));
    for (const content of contents) content.fill(1);
    await Promise.all(writes);
    await producer.flush();
    await until(() => server.rows.length === 3);
    expect(server.rows.map(({ content }) => content)).toEqual(expected);
  });

  it('writes the rows of one turn of the event loop at once', async () => {
    await server.start();
    let writes = 0;
    create({
      connect(path) {
        const socket = connect(path);
        const write = jest.spyOn(socket, 'write');
        socket.on('close', () => (writes = write.mock.calls.length));
        return socket;
      },
    });
    await until(() => producer.stats.state === 'connected');
    for (let index = 0; index < 100; index++) await producer.write(log('x'));
    await producer.close();
    expect(producer.stats.sentRows).toBe(100);
    expect(writes).toBe(1);
  });

  it('writes many rows at once', async () => {
    await server.start();
    create();
    for (let index = 0; index < 2_000; index++) await producer.write(log('x'.repeat(100)));
    await producer.flush();
    await until(() => server.rows.length === 2_000);
    expect(server.rows.map(({ sequence }) => Number(sequence))).toEqual([...Array(2_000).keys()]);
    expect(server.received[0].chunks).toBeLessThan(20);
    expect(producer.stats).toEqual({
      state: 'connected',
      acceptedRows: 2_000,
      sentRows: 2_000,
      bufferedRows: 0,
      bufferedBytes: 0,
      waitingRows: 0,
      droppedRows: 0,
      uncertainRows: 0,
      reconnects: 0,
    });
  });

  it.each([{ bufferRowsMax: 50 }, { bufferBytesMax: 400_000 }])(
    'waits while the buffer is full: %j',
    async (limit) => {
      await server.start(true);
      create(limit);
      let written = 0;
      const writes = Array.from({ length: 200 }, async () => {
        await producer.write(log('y'.repeat(10_000)));
        written++;
      });
      let isFlushed = false;
      const flushed = producer.flush().then(() => (isFlushed = true));
      await settle();
      const { bufferedRows, bufferedBytes, waitingRows, sentRows } = producer.stats;
      expect(isFlushed).toBe(false);
      expect(bufferedRows).toBeLessThanOrEqual(50);
      expect(bufferedBytes).toBeLessThan(50 * 10_200);
      expect(waitingRows).toBeGreaterThan(50);
      expect(written).toBe(sentRows + bufferedRows);
      expect(sentRows + bufferedRows + waitingRows).toBe(200);
      server.received[0].socket.resume();
      await Promise.all([...writes, flushed]);
      expect(producer.stats.sentRows).toBe(200);
      await until(() => server.rows.length === 200);
      expect(server.rows.map(({ sequence }) => Number(sequence))).toEqual([...Array(200).keys()]);
    },
  );

  it('drops and counts while the buffer is full, if told so, and the gap shows', async () => {
    await server.start(true);
    create({ bufferRowsMax: 50, whenFull: 'drop-newest' });
    const fill = async () => {
      for (let index = 0; index < 200; index++) await producer.write(log('z'.repeat(10_000)));
      await settle();
    };
    await fill();
    await fill();
    const { acceptedRows, droppedRows } = producer.stats;
    expect(droppedRows).toBeGreaterThan(100);
    expect(acceptedRows + droppedRows).toBe(400);
    expect(events.filter(({ type }) => type === 'dropping')).toEqual([{ type: 'dropping', jobId: 'job-1' }]);
    server.received[0].socket.resume();
    await producer.flush();
    await producer.write(log('last'));
    await until(() => server.rows.at(-1)?.content === 'last');
    expect(server.rows).toHaveLength(acceptedRows + 1);
    expect(server.rows.at(-1)?.sequence).toBe(400n);
    server.received[0].socket.pause();
    await fill();
    await fill();
    expect(events.filter(({ type }) => type === 'dropping')).toHaveLength(2);
  });

  it('flushes until all is with the kernel, or the signal says stop', async () => {
    await server.start(true);
    create();
    await producer.flush();
    for (let index = 0; index < 100; index++) await producer.write(log('y'.repeat(10_000)));
    const abort = new AbortController();
    const stopped = producer.flush({ signal: abort.signal });
    const flushed = producer.flush();
    await settle();
    expect(producer.stats.bufferedRows).toBeGreaterThan(0);
    const reason = new Error('enough');
    abort.abort(reason);
    await expect(stopped).rejects.toBe(reason);
    await expect(producer.flush({ signal: abort.signal })).rejects.toBe(reason);
    server.received[0].socket.resume();
    await flushed;
    expect(producer.stats).toMatchObject({ sentRows: 100, bufferedRows: 0 });
  });

  it('forgets a flush that is over', async () => {
    await server.start();
    const buffered = new BufferedProducer(checkOptions({ socketPath: server.path }));
    producer = buffered;
    await producer.write(log('row'));
    const { signal } = new AbortController();
    await producer.flush({ signal });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    expect(buffered['flushers'].size).toBe(0);
  });

  it('sends what is left when it closes', async () => {
    await server.start();
    create({ bufferRowsMax: 10 });
    const writes = Array.from({ length: 100 }, () => producer.write(log('row')));
    const report = producer.close();
    expect(producer.close()).toBe(report);
    expect(await report).toEqual({ unsentRows: 0, droppedRows: 0, uncertainRows: 0 });
    await Promise.all(writes);
    await until(() => server.rows.length === 100);
    expect(producer.stats.state).toBe('closed');
    await expect(producer.write(log('late'))).rejects.toMatchObject({ code: 'CLOSED' });
    await expect(
      producer.writeMetric({ jobId: 'j', data: { cpuUsage: 0, memoryUsage: 0n, gpuUsage: 0 } }),
    ).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it('tells at close what it could not hand over', async () => {
    await server.start(true);
    create({ bufferRowsMax: 50 });
    const writes = Array.from({ length: 200 }, () => producer.write(log('y'.repeat(10_000))));
    const results = Promise.allSettled(writes);
    await settle();
    const { sentRows, waitingRows } = producer.stats;
    const flush = producer.flush();
    const rejected = expect(flush).rejects.toMatchObject({ code: 'CLOSED' });
    expect(await producer.close({ timeoutMs: 1 })).toEqual({
      unsentRows: 200 - sentRows,
      droppedRows: 0,
      uncertainRows: 0,
    });
    await rejected;
    const settled = await results;
    expect(settled.filter(({ status }) => status === 'rejected')).toHaveLength(waitingRows);
  });

  it('closes at the end of its scope', async () => {
    await server.start();
    create();
    await producer.write(log('row'));
    await producer[Symbol.asyncDispose]();
    expect(producer.stats).toMatchObject({ state: 'closed', sentRows: 1 });
  });

  it('keeps the process alive only while rows wait', async () => {
    await server.start(true);
    const calls: string[] = [];
    create({
      connect(path) {
        const socket = connect(path);
        socket.ref = () => (calls.push('ref'), socket);
        socket.unref = () => (calls.push('unref'), socket);
        return socket;
      },
    });
    await until(() => producer.stats.state === 'connected');
    expect(calls.at(-1)).toBe('unref');
    for (let index = 0; index < 100; index++) await producer.write(log('y'.repeat(10_000)));
    await settle();
    expect(producer.stats.bufferedRows).toBeGreaterThan(0);
    expect(calls.at(-1)).toBe('ref');
    server.received[0].socket.resume();
    await producer.flush();
    await settle();
    expect(calls.at(-1)).toBe('unref');
  });

  it('refuses a row that no frame can hold', async () => {
    await server.start();
    create({ frameSizeMax: 2_000 });
    await producer.write(log(new Uint8Array(1_488)));
    const message = 'a row of job job-1 has 1489 bytes; the limit is 1488 bytes';
    await expect(producer.write(log(new Uint8Array(1_489)))).rejects.toMatchObject({
      code: 'ROW_TOO_LARGE',
      message,
    });
    await producer.flush();
    expect(producer.stats).toMatchObject({ acceptedRows: 1, droppedRows: 0 });
  });

  it('adds less than it allows for to a row', async () => {
    await server.start();
    create({ frameSizeMax: 10_000 });
    const jobId = 'j'.repeat(128);
    const timestamp = -(2n ** 63n);
    await producer.write({ jobId, stream: 2, content: new Uint8Array(10_000 - 512), timestamp });
    await until(() => server.rows.length === 1);
    expect(server.received[0].messages[0].data.length).toBeLessThan(10_000 - 200);
  });

  it('rejects a bad row, and takes no number for it', async () => {
    await server.start();
    create();
    await expect(producer.write(log('x', '../etc'))).rejects.toThrow(TypeError);
    await expect(producer.write({ ...log('x'), timestamp: 2n ** 63n })).rejects.toThrow(TypeError);
    const data = { cpuUsage: 0, memoryUsage: 2n ** 63n, gpuUsage: 0 };
    await expect(producer.writeMetric({ jobId: 'job-1', data })).rejects.toThrow(TypeError);
    await producer.write(log('good'));
    await producer.flush();
    await until(() => server.rows.length === 1);
    expect(server.rows[0].sequence).toBe(0n);
    expect(producer.stats.acceptedRows).toBe(1);
  });
});
