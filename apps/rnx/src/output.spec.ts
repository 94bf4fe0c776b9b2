import { Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { OUTPUT_CHUNK_SIZE } from './limits.js';
import { Output } from './output.js';
import { Sink } from './testing/run-rnx.js';

describe('Output', () => {
  it('gathers small writes and keeps their order', async () => {
    const sink = new Sink();
    const out = new Output(sink, new AbortController());
    for (let index = 0; index < 1_000; index++) await out.write(`${index}\n`);
    await out.end();
    expect(sink.text).toBe(Array.from({ length: 1_000 }, (_, index) => `${index}\n`).join(''));
    expect(sink.chunks.length).toBeLessThan(10);
  });

  it('writes what comes alone without waiting for more', async () => {
    const sink = new Sink();
    const written = new Promise<void>((resolve) => (sink.onWrite = resolve));
    await new Output(sink, new AbortController()).write('a');
    await written;
    expect(sink.text).toBe('a');
  });

  it('holds the writer back while the reader is slow, until there is an abort', async () => {
    let taken: (() => void) | undefined;
    const slow = new Writable({ write: (_, __, done) => void (taken = done) });
    const abort = new AbortController();
    const out = new Output(slow, abort);
    let done = false;
    const write = out.write(Buffer.alloc(OUTPUT_CHUNK_SIZE)).then(() => (done = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(done).toBe(false);
    taken?.();
    await write;
    const stuck = out.write(Buffer.alloc(OUTPUT_CHUNK_SIZE));
    abort.abort(new Error('interrupted'));
    await expect(stuck).rejects.toThrow('interrupted');
    await expect(out.end()).rejects.toThrow('interrupted');
  });

  it('ends when the last write is done, and tells if that failed', async () => {
    let fail: ((error: Error) => void) | undefined;
    const slow = new Writable({ write: (_, __, done) => void (fail = done) });
    const out = new Output(slow, new AbortController());
    await out.write('a');
    const end = out.end();
    fail?.(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    await expect(end).rejects.toMatchObject({ name: 'OutputError', code: 'EPIPE' });
  });
});
