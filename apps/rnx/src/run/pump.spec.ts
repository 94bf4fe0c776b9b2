import { PassThrough, Readable, Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { Sink } from '../testing/run-rnx.js';
import { Passage } from './passage.js';
import { pump } from './pump.js';

const failing = (code: string): Sink => {
  const sink = new Sink();
  sink.fail = Object.assign(new Error(`write ${code}`), { code });
  return sink;
};

async function pumpAll(source: Readable, target: Writable): Promise<{ rows: string[]; passage: Passage }> {
  const rows: string[] = [];
  const passage = new Passage(target);
  await pump(source, passage, async (more) => {
    rows.push(...more.map(String));
  });
  return { rows, passage };
}

const chunks = (...texts: string[]): Readable =>
  Readable.from(
    texts.map((text) => Buffer.from(text)),
    { objectMode: false },
  );

describe('pump', () => {
  it('passes bytes on as they are and records rows', async () => {
    const sink = new Sink();
    const { rows } = await pumpAll(chunks('a\nb', 'c\n', 'd'), sink);
    expect(sink.text).toBe('a\nbc\nd');
    expect(rows).toEqual(['a\n', 'bc\n', 'd']);
  });

  it('passes a chunk on before it is recorded', async () => {
    const sink = new Sink();
    const seen: string[] = [];
    await pump(chunks('a\n'), new Passage(sink), async () => void seen.push(sink.text));
    expect(seen).toEqual(['a\n']);
  });

  it('reads no faster than the reader', async () => {
    const taken: (() => void)[] = [];
    const slow = new Writable({ highWaterMark: 1, write: (_, __, done) => void taken.push(done) });
    let rows = 0;
    const pumped = pump(chunks('a\n', 'b\n'), new Passage(slow), async (more) => void (rows += more.length));
    for (let turns = 0; turns < 10; turns++) await new Promise((resolve) => setImmediate(resolve));
    expect(rows).toBe(1);
    taken.pop()?.();
    while (taken.length === 0) await new Promise((resolve) => setImmediate(resolve));
    taken.pop()?.();
    await pumped;
    expect(rows).toBe(2);
  });

  it('closes the source when the reader has gone', async () => {
    const source = new PassThrough();
    source.write('a\nb');
    const { rows, passage } = await pumpAll(source, failing('EPIPE'));
    expect(source.destroyed).toBe(true);
    expect(rows).toEqual(['a\n', 'b']);
    expect(passage.error?.code).toBe('EPIPE');
  });

  it('goes on recording when the output cannot be written', async () => {
    const { rows, passage } = await pumpAll(chunks('a\n', 'b\n', 'c\n'), failing('ENOSPC'));
    expect(rows.join('')).toBe('a\nb\nc\n');
    expect(passage.error?.code).toBe('ENOSPC');
  });

  it('records what came until somebody closed the source', async () => {
    const source = new PassThrough();
    source.write('a');
    const sink = new Sink();
    sink.onWrite = () => source.destroy();
    expect((await pumpAll(source, sink)).rows).toEqual(['a']);
  });
});
