import { describe, expect, it } from '@jest/globals';
import { loadConfig } from './load-config.js';
import { notBuilt } from './not-built.js';

async function missing(yaml: string): Promise<string[]> {
  const files = { read: () => Promise.resolve(Buffer.from(yaml)), writable: () => Promise.resolve(true) };
  return notBuilt((await loadConfig({ file: '/c.yml', env: {}, files })).config).map(
    ({ message }) => message,
  );
}

describe('notBuilt', () => {
  it.each([
    ['persist: {storage: {type: cloudwatch, cloudwatch: {region: x}}}', 'persist.storage.type: cloudwatch'],
    ['persist: {storage: {type: ./my-store.js}}', 'persist.storage.type: ./my-store.js'],
    ['persist: {server: {grpc_address: ":50052"}}', 'persist.server.grpc_address: :50052'],
    ['persist: {storage: {local: {logs: {format: jsonl}}}}', 'persist.storage.local.logs.format: jsonl'],
    [
      'persist: {storage: {local: {metrics: {format: jsonl}}}}',
      'persist.storage.local.metrics.format: jsonl',
    ],
    [
      'persist: {storage: {local: {logs: {rotation: {max_files: 10}}}}}',
      'persist.storage.local.logs.rotation.max_files: 10',
    ],
    [
      'persist: {storage: {local: {metrics: {rotation: {max_files: 1}}}}}',
      'persist.storage.local.metrics.rotation.max_files: 1',
    ],
    ['persist: {storage: {compression: {enabled: false}}}', 'persist.storage.compression.enabled: false'],
    [
      'persist: {storage: {retention: {archive_before_delete: true}}}',
      'persist.storage.retention.archive_before_delete: true',
    ],
    ['persist: {writer: {sync: interval}}', 'persist.writer.sync: interval'],
    ['persist: {writer: {sync: never}}', 'persist.writer.sync: never'],
    [
      'persist: {monitoring: {tracing: {otlp_endpoint: "http://h"}}}',
      'persist.monitoring.tracing.otlp_endpoint: http://h',
    ],
    ['ipc: {when_full: spill}', 'ipc.when_full: spill'],
    ['ipc: {protocol: v2}', 'ipc.protocol: v2'],
  ])('%s', async (yaml, start) => {
    const messages = await missing(yaml);
    expect(messages).toHaveLength(1);
    expect(messages[0].startsWith(`${start} is not built yet, use `)).toBe(true);
  });

  it('names everything at once, and nothing of the defaults', async () => {
    expect(await missing('persist: {writer: {sync: never}}\nipc: {protocol: v2}')).toHaveLength(2);
    expect(
      await missing(
        'persist: {storage: {retention: {logs_days: 1}, local: {logs: {rotation: {max_size_mb: 1}}}}}',
      ),
    ).toEqual([]);
    expect(await missing('')).toEqual([]);
  });
});
