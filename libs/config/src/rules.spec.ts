import { describe, expect, it } from '@jest/globals';
import { checkText, errorLines } from './testing/check-text.js';

describe('what a store needs', () => {
  const s3 = 's3: {bucket: my-bucket, region: eu-west-1}';

  it.each([
    ['cloudwatch', '', 'cloudwatch'],
    ['s3', s3, 's3'],
    ['multi', `${s3}, multi: {backends: [local, s3]}`, 's3'],
  ])('%s: server.nodeId, from the file or the environment', async (type, section, which) => {
    const storage = `persist: {storage: {type: ${type}, ${section}}}`;
    for (const server of ['', 'server:\n', 'server: {nodeId: ""}\n']) {
      const lines = await errorLines(`${server}${storage}`);
      expect(lines).toHaveLength(1);
      expect(lines[0]).toContain(
        `server.nodeId: found nothing, expected the name of this machine, which the ${which} store needs`,
      );
      expect(lines[0]).toMatch(/^\d+:\d+: /);
    }
    expect(await errorLines(`server: {nodeId: n}\n${storage}`)).toEqual([]);
    expect(await errorLines(storage, { env: { JOBLET_NODE_ID: 'n' } })).toEqual([]);
  });

  it('bucket and region, only when s3 is chosen', async () => {
    expect(await errorLines('persist: {storage: {s3: {bucket: ""}}}')).toEqual([]);
    expect(await errorLines('server: {nodeId: n}\npersist: {storage: {type: s3}}')).toEqual([
      '2:21: persist.storage.s3.bucket: found nothing, expected a bucket, which the s3 store needs',
      '2:21: persist.storage.s3.region: found nothing, expected a region, which the s3 store needs',
    ]);
    // A wrong one is not also a missing one.
    expect(
      await errorLines('server: {nodeId: n}\npersist: {storage: {type: s3, s3: {bucket: AB, region: xx-y}}}'),
    ).toEqual([expect.stringContaining('persist.storage.s3.bucket: found "AB"')]);
  });

  it('multi: what it consists of', async () => {
    expect(await errorLines('persist: {storage: {type: multi}}')).toEqual([
      '1:21: persist.storage.multi.backends: found nothing, expected the stores that the multi store consists of',
    ]);
    expect(await errorLines('persist: {storage: {type: multi, multi: {backends: [locl]}}}')).toEqual([
      expect.stringMatching(/backends\.0: found "locl", expected one of .*; did you mean local\?$/),
    ]);
  });

  it('a key of KMS needs sse: aws:kms', async () => {
    const s3With = (keys: string): Promise<string[]> => errorLines(`persist: {storage: {s3: {${keys}}}}`);
    expect(await s3With('kms_key_id: k')).toEqual([
      '1:26: persist.storage.s3.kms_key_id: found a key, expected sse: aws:kms beside it',
    ]);
    expect(await s3With('kms_key_id: k, sse: aws:kms')).toEqual([]);
  });
});

it('cloudwatch takes 30 dimensions with JobID and NodeID', async () => {
  const dimensions = (names: readonly string[]): Promise<string[]> =>
    errorLines(
      JSON.stringify({
        persist: {
          storage: {
            cloudwatch: { metric_dimensions: Object.fromEntries(names.map((name) => [name, 'v'])) },
          },
        },
      }),
    );
  const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `D${index}`);
  expect(await dimensions(names(28))).toEqual([]);
  expect((await dimensions(names(29)))[0]).toContain('found 29 dimensions, expected at most 28');
  expect(await dimensions(['JobID', 'NodeID', ':x', 'ä', ''])).toHaveLength(5);
});

it('what a state backend needs, only when it is chosen', async () => {
  expect(await errorLines('state: {backend: redis}')).toEqual([
    '1:9: state.storage.redis.endpoint: found nothing, expected host:port or a redis:// URL, which the redis backend needs',
  ]);
  expect(await errorLines('state: {backend: postgres}')).toEqual([
    '1:9: state.storage.postgres.url: found nothing, expected a postgres:// URL, which the postgres backend needs',
  ]);
  for (const yaml of [
    'state: {backend: dynamodb}',
    'state: {backend: local}',
    'state: {backend: ./mine.js}',
    'state: {backend: toString}',
    'state: {backend: redis, storage: {redis: {endpoint: "localhost:6379"}}}',
    'state: {backend: postgres, storage: {postgres: {url: "postgres://h/d"}}}',
  ]) {
    expect(await errorLines(yaml)).toEqual([]);
  }
});

describe('sockets', () => {
  it.each([
    [
      'persist: {server: {grpc_socket: /x}, ipc: {socket: /x}}',
      'persist.server.grpc_socket',
      'persist.ipc.socket',
    ],
    ['persist: {ipc: {socket: /x}}\nstate: {socket: /x}', 'state.socket', 'persist.ipc.socket'],
    [
      'persist: {server: {grpc_socket: /x}}\nstate: {socket: /x}',
      'state.socket',
      'persist.server.grpc_socket',
    ],
    ['persist: {ipc: {socket: /opt/joblet/run/state-ipc.sock}}', 'persist.ipc.socket', 'state.socket'],
    [
      'ipc: {socket: /x}\npersist: {server: {grpc_socket: /y/../x}}',
      'persist.server.grpc_socket',
      'persist.ipc.socket',
    ],
  ])('%s: two services cannot listen on one path', async (yaml, path, other) => {
    const lines = await errorLines(yaml, { program: 'persist' });
    expect(lines).toEqual([expect.stringContaining(`${path}: found "/`)]);
    expect(lines[0]).toContain(`expected another path than ${other}`);
  });

  it('of one write channel are one, whichever end the file names', async () => {
    for (const yaml of [
      'ipc: {socket: /x}\npersist:',
      'persist: {ipc: {socket: /x}}',
      'ipc: {socket: /x}\njoblet:',
    ]) {
      const { config } = await checkText(yaml);
      expect([config?.ipc.socket, config?.persist.ipc.socket]).toEqual(['/x', '/x']);
    }
    const { config } = await checkText('ipc: {socket: /x}\npersist: {ipc: {socket: /y}}');
    expect([config?.ipc.socket, config?.persist.ipc.socket]).toEqual(['/x', '/y']);
  });
});

describe('addresses', () => {
  it.each([
    [
      'persist: {monitoring: {prometheus: "127.0.0.1:9093"}}',
      '1:24: persist.monitoring.prometheus: found "127.0.0.1:9093", expected another address than persist.monitoring.health ("127.0.0.1:9093")',
    ],
    [
      'state: {monitoring: {prometheus: ":1", health: "h:01"}}',
      '1:40: state.monitoring.health: found "h:01", expected another address than state.monitoring.prometheus (":1")',
    ],
    [
      'monitoring: {health: "0.0.0.0:9092"}',
      '1:14: monitoring.health: found "0.0.0.0:9092", expected another address than persist.monitoring.prometheus ("127.0.0.1:9092")',
    ],
  ])('%s: two cannot listen on one', async (yaml, line) => {
    expect(await errorLines(yaml)).toEqual([line]);
  });

  it.each(['"h:0", health: "h:0"', '"", health: ""', '"a:1", health: "b:1"', '"a:1", health: "a:2"'])(
    '%s are two, or none',
    async (addresses) => {
      expect(await errorLines(`persist: {monitoring: {prometheus: ${addresses}}}`)).toEqual([]);
    },
  );
});

describe('the folders of logs and metrics', () => {
  const lines = (storage: string): Promise<string[]> =>
    errorLines(`persist: {storage: {base_dir: /data/joblet, ${storage}}}`);
  const local = (logs: string, metrics: string): string =>
    `local: {logs: {directory: ${logs}}, metrics: {directory: ${metrics}}}`;

  it.each([
    [local('/x', '/x/y'), 'metrics', '/x/y', 'below persist.storage.local.logs.directory ("/x")'],
    [local('/x/y', '/x'), 'metrics', '/x', 'above persist.storage.local.logs.directory ("/x/y")'],
    [
      'local: {logs: {directory: /data/joblet/metrics/logs}}',
      'logs',
      '/data/joblet/metrics/logs',
      'below persist.storage.local.metrics.directory ("/data/joblet/metrics")',
    ],
    [
      'local: {logs: {directory: /data/joblet/}}',
      'logs',
      '/data/joblet',
      'persist.storage.base_dir ("/data/joblet")',
    ],
    [
      'local: {metrics: {directory: /data}}',
      'metrics',
      '/data',
      'above persist.storage.base_dir ("/data/joblet")',
    ],
    ['local: {metrics: {directory: /}}', 'metrics', '/', 'above persist.storage.base_dir ("/data/joblet")'],
  ])('%s: not one in the other, nor base_dir in one', async (storage, kind, found, relation) => {
    const name = `persist.storage.local.${kind}.directory`;
    expect(await lines(storage)).toEqual([
      expect.stringContaining(
        `${name}: found "${found}", expected a folder that is not ${relation}: each folder in it is taken for a job`,
      ),
    ]);
  });

  it.each([
    local('/x', '/x'),
    local('/x', '/xy'),
    local('/x/..y', '/x/y'),
    local('/data/joblet/a', '/data/joblet/b'),
    `type: ./mine.js, ${local('/x', '/x/y')}`,
  ])('%s is right', async (storage) => {
    expect(await lines(storage)).toEqual([]);
  });
});
