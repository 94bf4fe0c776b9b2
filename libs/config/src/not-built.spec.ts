import { describe, expect, it } from '@jest/globals';
import { problemLine } from './config-error.js';
import { checkText, errorLines } from './testing/check-text.js';

describe('what is not built', () => {
  it.each([
    ['persist: {storage: {type: elasticsearch}}', 'persist.storage.type: found "elasticsearch"'],
    [
      'persist: {storage: {retention: {archive_before_delete: true}}}',
      'persist.storage.retention.archive_before_delete: found true',
    ],
    [
      'persist: {monitoring: {tracing: {otlp_endpoint: "http://h"}}}',
      'persist.monitoring.tracing.otlp_endpoint: found "http://h"',
    ],
  ])('%s is an error for persist only', async (yaml, start) => {
    const [line, ...others] = await errorLines(yaml, { program: 'persist' });
    expect(others).toEqual([]);
    expect(line).toContain(`${start}, which is not built yet, expected `);
    expect(line).toMatch(/^1:\d+: /);
    expect(await errorLines(yaml, { program: 'producer' })).toEqual([]);
    const { notBuilt, config } = await checkText(yaml);
    expect(notBuilt.map(problemLine)).toEqual([`/etc/joblet/c.yml:${line}`]);
    expect(config).toBeDefined();
  });

  it.each([
    ['persist: {}\nipc: {when_full: spill}', '2:7: ipc.when_full: found "spill"'],
    ['ipc: {protocol: v2}', '1:7: ipc.protocol: found "v2"'],
  ])('%s is an error for producers only', async (yaml, start) => {
    expect((await errorLines(yaml, { program: 'producer' }))[0]).toContain(start);
    expect(await errorLines(yaml, { program: 'persist' })).toEqual([]);
    expect((await checkText(yaml, { program: 'persist' })).notBuilt).toHaveLength(1);
  });

  it('comes with everything else that is wrong, in the order of the file', async () => {
    const yaml = `
persist:
  server: {max_connections: 0, grpc_address: ":1"}
  storage:
    type: s3
    s3: {region: eu-west-1}
  writer: {sync: often}
ipc: {protocol: v2}
`;
    expect(await errorLines(yaml, { program: 'persist' })).toEqual([
      expect.stringMatching(/^3:12: persist.server.max_connections: found 0,/),
      expect.stringMatching(/^3:32: persist.server.tls.cert_file: found nothing,/),
      expect.stringMatching(/^3:32: persist.server.tls.key_file: found nothing,/),
      expect.stringMatching(/^3:32: persist.server.tls.ca_file: found nothing,/),
      expect.stringMatching(/^3:32: persist.server.grpc_address: found ":1", which is not built yet,/),
      expect.stringMatching(/^5:5: server.nodeId: found nothing,/),
      expect.stringMatching(/^5:5: persist.storage.s3.bucket: found nothing,/),
      expect.stringMatching(/^5:5: persist.storage.type: found "s3", which is not built yet,/),
      expect.stringMatching(/^7:12: persist.writer.sync: found "often",/),
    ]);
  });

  it('is nothing of the defaults, and no module', async () => {
    for (const yaml of [
      '',
      'persist: {}\nstate:\n',
      'persist: {storage: {retention: {logs_days: 1}, local: {logs: {rotation: {max_size_mb: 1}}}}}',
      'persist: {storage: {type: ./my-store.js}}',
      'persist: {writer: {sync: interval}}',
      'writer: {sync: never}',
      'persist: {storage: {type: "@acme/store"}}',
    ]) {
      const { notBuilt, problems } = await checkText(yaml, { program: 'persist' });
      expect([notBuilt, problems]).toEqual([[], []]);
    }
  });

  it('is nothing of the state service', async () => {
    const yaml = 'state: {backend: redis, store_secrets: plain, storage: {redis: {endpoint: "h:1"}}}';
    const { notBuilt, problems } = await checkText(yaml, { program: 'state' });
    expect([notBuilt, problems]).toEqual([[], []]);
  });

  it('of persist stops no state service', async () => {
    const yaml = 'persist: {storage: {type: elasticsearch}}';
    expect(await errorLines(yaml, { program: 'state' })).toEqual([]);
    expect((await checkText(yaml, { program: 'state' })).notBuilt).toHaveLength(1);
  });
});
