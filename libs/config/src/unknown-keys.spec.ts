import { describe, expect, it } from '@jest/globals';
import { checkText, warningLines } from './testing/check-text.js';

/** `key → hint` for each warning. */
async function hints(yaml: string): Promise<string[]> {
  return (await warningLines(yaml)).map((line) => {
    const [, key, hint = 'no hint'] = /unknown key (\S+) is ignored(?:, did you mean (.*)\?)?$/.exec(
      line,
    ) ?? [, line];
    return `${key} → ${hint}`;
  });
}

describe('unknown keys', () => {
  it('are told with place and path', async () => {
    const { warnings } = await checkText('persist:\n  writer:\n    queue_md: 5\n');
    expect(warnings).toEqual([
      {
        file: '/etc/joblet/c.yml',
        path: 'persist.writer.queue_md',
        position: { line: 3, column: 5 },
        message:
          '/etc/joblet/c.yml:3:5: unknown key persist.writer.queue_md is ignored, did you mean queue_mb?',
      },
    ]);
  });

  it.each([
    // A slip, swapped letters, other ways to write the words.
    ['persist: {ipc: {max_conections: 1}}', 'persist.ipc.max_conections → max_connections'],
    ['persist: {ipc: {sokcet: x}}', 'persist.ipc.sokcet → socket'],
    ['persist: {ipc: {maxConnections: 1}}', 'persist.ipc.maxConnections → max_connections'],
    ['persist: {ipc: {max-connections: 1}}', 'persist.ipc.max-connections → max_connections'],
    ['persist: {Storage: {type: local}}', 'persist.Storage → storage'],
    ['state: {Backend: local}', 'state.Backend → backend'],
    ['ipc: {bufferSize: 1}', 'ipc.bufferSize → buffer_size'],
    ['persist: {x: 1}', 'persist.x → no hint'],
    ['persist: {x-a: 1}', 'persist.x-a → no hint'],
    // The right key in the wrong section: the nearest one.
    ['persist: {grpc_socket: /x}', 'persist.grpc_socket → persist.server.grpc_socket'],
    ['persist: {base_dir: /x}', 'persist.base_dir → persist.storage.base_dir'],
    [
      'persist: {max_connections: 1}',
      'persist.max_connections → persist.server.max_connections or persist.ipc.max_connections',
    ],
    ['state: {region: x}', 'state.region → state.storage.dynamodb.region'],
    ['state: {storage: {redis: {url: x}}}', 'state.storage.redis.url → state.storage.postgres.url'],
    ['persist: {nodeId: n}', 'persist.nodeId → server.nodeId'],
    ['joblet:\ngrpc_socket: /x', 'grpc_socket → persist.server.grpc_socket'],
    ['joblet:\nserver: {grpc_socket: /x}', 'server.grpc_socket → persist.server.grpc_socket'],
    ['joblet:\nstorage: {type: local}', 'storage → persist.storage'],
    // The daemon's sections, where only what is surely ours is told.
    ['joblet:\nserver: {nodeID: n, node_id: n}', 'server.nodeID → nodeId', 'server.node_id → nodeId'],
    ['joblet:\nlogging: {Level: DEBUG}', 'logging.Level → level'],
    ['joblet:\nPersist: {}', 'Persist → persist'],
    ['joblet:\npersits: {}', 'persits → persist'],
    // A file without any section that it must have is standalone.
    ['persits: {}', 'persits → persist'],
    ['PERSIST: {}', 'PERSIST → persist'],
    ['storrage: {}', 'storrage → storage'],
    ['server: {grpcSocket: /x}', 'server.grpcSocket → grpc_socket'],
    ['grpc_socket: /x', 'grpc_socket → server.grpc_socket'],
  ])('%s', async (yaml, ...expected) => {
    expect(await hints(yaml)).toEqual(expected);
  });

  it.each([
    'x-anchors: {a: &a 1}\npersist:',
    'x-anchors: {a: &a 1}\nstorage: {}',
    'state: {buffer_size: 1, reconnect_delay: 5s, pool: {size: 20}, client: {max_retries: 3}}',
    'joblet:\nserver: {mode: server, timeout: 10s, minTlsVersion: "1.3"}\nsomething: {new: 1}\nlogging: {file: {path: x}}',
    'joblet:\nmonitoring: {system_interval: 10s, cloud_detection: true}',
    'persist: {storage: {options: {any_thing: 1}, elasticsearch: {url: x}}}',
  ])('are none in %s', async (yaml) => {
    expect((await warningLines(yaml)).filter((line) => line.includes('unknown key'))).toEqual([]);
  });

  it.each([
    ['persist: {writer: {}}\n\u00a0\u00a0storage: {type: s3}', '2:1: unknown key "\\u00a0\\u00a0storage"'],
    ['writer: {}\n\u3000storage: {}', '2:1: unknown key "\\u3000storage"'],
    ['joblet: {}\n\u200bgpu: 1', '2:1: unknown key "\\u200bgpu"'],
  ])('that begin with white space other than a space: %j', async (yaml, start) => {
    expect(await warningLines(yaml)).toEqual([
      `${start} is ignored: it begins with white space that is no plain space, and so is not indented`,
    ]);
  });

  it('are told although something else is wrong', async () => {
    const { warnings, problems } = await checkText('persist: {storage: {type: s3, s3: {buckt: x}}}');
    expect(warnings).toHaveLength(1);
    expect(problems).toHaveLength(3);
  });
});

describe('what has no effect', () => {
  it.each([
    [
      'persist: {storage: {cloudwatch: {log_stream_prefix: job-}}}',
      '1:34: persist.storage.cloudwatch.log_stream_prefix is deprecated and ignored: streams are named {jobId}-{stream}',
    ],
    [
      'persist: {storage: {options: {a: 1}}}',
      '1:21: persist.storage.options is ignored: it is for modules, and persist.storage.type names none',
    ],
    [
      'storage: {type: Local}',
      '1:11: storage.type is taken as the name of a module: "Local", did you mean local?',
    ],
    [
      'state: {backend: reddis}',
      '1:9: state.backend is taken as the name of a module: "reddis", did you mean redis?',
    ],
    [
      'ipc: {socket: /x}\npersist: {ipc: {socket: /y}}',
      '1:7: ipc.socket is another path than persist.ipc.socket: what sends to the one does not reach persist',
    ],
  ])('%s', async (yaml, line) => {
    expect(await warningLines(yaml)).toEqual([line]);
  });

  it('is nothing where both ends of the write channel are one', async () => {
    expect(await warningLines('ipc: {socket: x}\npersist: {ipc: {socket: /etc/joblet/y/../x}}')).toEqual([]);
    expect(await warningLines('persist: {ipc: {socket: /y}}')).toEqual([]);
  });
});
