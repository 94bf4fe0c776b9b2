import { spawnSync } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LogBatch, MetricBatch } from '@joblet/storage';
import { openLocalStore, type LocalStoreOptions } from '../index.js';
import { tempDirectory } from '../testing/temp-store.js';

const has = (command: string) => spawnSync(command, ['--version']).status === 0;

describe('the files', () => {
  let directory: string;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    ({ path: directory, remove } = await tempDirectory());
  });
  afterEach(() => remove());

  async function writeSome(options: Partial<LocalStoreOptions> = {}): Promise<string> {
    const store = await openLocalStore({ baseDirectory: directory, ...options });
    const contents = [Buffer.from('<a href="x">&\n'), Buffer.from([0xff, 0x00]), Buffer.from('')];
    for (const [index, content] of contents.entries()) {
      const timestamp = 1_763_600_000_000_000_001n + BigInt(index);
      await store.writeLogs(
        LogBatch.from([{ jobId: 'j', stream: 1, timestamp, sequence: BigInt(index), content }]),
      );
    }
    await store.writeMetrics(
      MetricBatch.from([
        {
          jobId: 'j',
          timestamp: 5n,
          sequence: 2n ** 64n - 1n,
          data: { cpuUsage: 0.5, memoryUsage: 2n ** 60n, gpuUsage: 0 },
        },
      ]),
    );
    await store.close();
    return join(directory, 'logs/j/stdout.log.gz');
  }

  const rows = [
    '{"job_id":"j","stream":1,"timestamp":1763600000000000001,"text":"<a href=\\"x\\">&\\n"}',
    '{"job_id":"j","stream":1,"timestamp":1763600000000000002,"sequence":1,"content":"/wA="}',
    '{"job_id":"j","stream":1,"timestamp":1763600000000000003,"sequence":2}',
  ];

  it('are JSON lines in gzip members that Node, gzip and Python read', async () => {
    const path = await writeSome();
    const expected = `${rows.join('\n')}\n`;
    expect(gunzipSync(await readFile(path)).toString()).toBe(expected);
    if (has('gzip')) expect(spawnSync('gzip', ['-dc', path]).stdout.toString()).toBe(expected);
    if (has('python3')) {
      const script = 'import gzip,sys; sys.stdout.buffer.write(gzip.open(sys.argv[1]).read())';
      expect(spawnSync('python3', ['-c', script, path]).stdout.toString()).toBe(expected);
    }
    expect(gunzipSync(await readFile(join(directory, 'metrics/j/metrics.jsonl.gz'))).toString()).toBe(
      '{"job_id":"j","timestamp":5,"sequence":18446744073709551615,"data":{"cpu_usage":0.5,"memory_usage":1152921504606846976}}\n',
    );
  });

  it('have base64 for all content when asked, as the Go service writes it', async () => {
    const path = await writeSome({ content: 'base64' });
    expect(
      gunzipSync(await readFile(path))
        .toString()
        .split('\n')[0],
    ).toBe('{"job_id":"j","stream":1,"timestamp":1763600000000000001,"content":"PGEgaHJlZj0ieCI+Jgo="}');
  });

  it('and their directories are for the owner only', async () => {
    const path = await writeSome();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(directory, 'logs/j'))).mode & 0o777).toBe(0o700);
  });
});
