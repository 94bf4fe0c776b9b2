import { describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { ConfigError } from './config-error.js';
import { configSchema } from './config-schema.js';
import { loadConfig, type LoadedConfig } from './load-config.js';

interface KeyRow {
  readonly path: string;
  /** undefined: the key is absent from the result. */
  readonly byDefault: unknown;
  /** As YAML, and what becomes of it. */
  readonly good: readonly (readonly [yaml: string, value: unknown])[];
  readonly bad: readonly string[];
}

const number = (path: string, byDefault: number, min: number, max: number): KeyRow => ({
  path,
  byDefault,
  good: [
    [String(min), min],
    [String(max), max],
  ],
  bad: [
    String(min - 1),
    String(max + 1),
    '"256"',
    '1.5',
    '.nan',
    '.inf',
    '1e400',
    '99999999999999999999',
    'true',
    '[1]',
    '{a: 1}',
  ],
});
const flag = (path: string, byDefault: boolean): KeyRow => ({
  path,
  byDefault,
  good: [
    ['true', true],
    ['false', false],
  ],
  bad: ['yes', '"true"', '1', '[]'],
});
const choice = (path: string, byDefault: string, ...others: readonly string[]): KeyRow => ({
  path,
  byDefault,
  good: [byDefault, ...others].map((value) => [value, value] as const),
  bad: ['other', '""', '1', 'true', '[]'],
});
const text = (path: string, byDefault: string | undefined, bad: readonly string[] = []): KeyRow => ({
  path,
  byDefault,
  good: [['some text', 'some text']],
  bad: ['1', 'true', '[]', '{}', ...bad],
});
const path = (name: string, byDefault: string): KeyRow => ({
  path: name,
  byDefault,
  good: [
    ['/srv/x', '/srv/x'],
    ['x/../y', '/etc/joblet/y'],
  ],
  bad: ['""', '1', '"a\\0b"', '[]'],
});
const socket = (name: string, byDefault: string): KeyRow => {
  const longest = `/${'s'.repeat(106)}`;
  const { good, bad } = path(name, byDefault);
  return {
    path: name,
    byDefault,
    good: [...good, [longest, longest]],
    bad: [...bad, `${longest}s`, `/${'ä'.repeat(54)}`],
  };
};
const file = (name: string): KeyRow => ({
  path: name,
  byDefault: '',
  good: [
    ['""', ''],
    ['tls/cert.pem', '/etc/joblet/tls/cert.pem'],
  ],
  bad: ['1', '"a\\0b"'],
});
const address = (name: string, byDefault: string): KeyRow => ({
  path: name,
  byDefault,
  good: ['', ':8080', '127.0.0.1:0', '[::1]:9092', 'host.example:65535'].map(
    (value) => [`"${value}"`, value] as const,
  ),
  bad: ['9092', '"9092"', '"::1:9092"', 'localhost', 'host:65536', 'http://host:1', 'host:-1', '[]'],
});

/** What needs another key beside it: only the absence is tried here. */
const alone = (row: KeyRow): KeyRow => ({ ...row, good: [['""', '']] });
const url = (name: string): KeyRow => ({
  path: name,
  byDefault: '',
  good: ['', 'http://127.0.0.1:4566', 'https://h.example/x'].map((value) => [`"${value}"`, value] as const),
  bad: ['1', 'localhost:4566', 'ftp://h', 'http://', '"http://a b"', '[]'],
});
const region = (name: string): KeyRow => ({
  path: name,
  byDefault: '',
  good: ['', 'us-east-1', 'eu-isoe-west-1'].map((value) => [`"${value}"`, value] as const),
  bad: ['1', 'US-EAST-1', '"us east"', 'true', '[]'],
});
const named = (name: string, byDefault: string, good: string, bad: readonly string[]): KeyRow => ({
  path: name,
  byDefault,
  good: [[good, good]],
  bad: ['1', '""', '[]', ...bad],
});
const optional = (name: string, good: string, bad: readonly string[]): KeyRow => ({
  ...named(name, '', good, []),
  bad: ['1', '[]', ...bad],
});

/** Every key of the configuration. The page that specifies them is the source of this list, not the code. */
const KEYS: readonly KeyRow[] = [
  text('server.nodeId', 'host-1'),
  text('server.address', undefined),
  { ...number('server.port', 0, 1, 65_535), byDefault: undefined },

  socket('persist.server.grpc_socket', '/opt/joblet/run/persist-grpc.sock'),
  alone(address('persist.server.grpc_address', '')),
  number('persist.server.max_connections', 500, 1, 100_000),
  alone(file('persist.server.tls.cert_file')),
  alone(file('persist.server.tls.key_file')),
  file('persist.server.tls.ca_file'),
  choice('persist.server.tls.client_auth', 'require', 'request', 'none'),

  socket('persist.ipc.socket', '/opt/joblet/run/persist-ipc.sock'),
  number('persist.ipc.max_connections', 256, 1, 100_000),
  number('persist.ipc.max_message_size', 134_217_728, 1_024, 2 ** 30),
  number('persist.ipc.read_buffer', 8_388_608, 4_096, 2 ** 30),
  number('persist.ipc.write_buffer', 8_388_608, 4_096, 2 ** 30),

  text('persist.storage.type', 'local', ['""', '" "']),
  path('persist.storage.base_dir', '/opt/joblet'),
  path('persist.storage.local.logs.directory', '/opt/joblet/logs'),
  choice('persist.storage.local.logs.format', 'jsonl.gz', 'jsonl'),
  choice('persist.storage.local.logs.content', 'text', 'base64'),
  number('persist.storage.local.logs.rotation.max_size_mb', 100, 1, 2 ** 20),
  number('persist.storage.local.logs.rotation.max_files', 0, 0, 100_000),
  flag('persist.storage.local.logs.rotation.compress_rotated', true),
  path('persist.storage.local.metrics.directory', '/opt/joblet/metrics'),
  choice('persist.storage.local.metrics.format', 'jsonl.gz', 'jsonl'),
  number('persist.storage.local.metrics.rotation.max_size_mb', 50, 1, 2 ** 20),
  number('persist.storage.local.metrics.rotation.max_files', 0, 0, 100_000),
  flag('persist.storage.local.metrics.rotation.compress_rotated', true),
  number('persist.storage.retention.logs_days', 7, 0, 36_500),
  number('persist.storage.retention.metrics_days', 30, 0, 36_500),
  {
    path: 'persist.storage.retention.cleanup_schedule',
    byDefault: '0 2 * * *',
    good: [
      ['"*/5 0-3 1,15 * 7"', '*/5 0-3 1,15 * 7'],
      ['0 2 * JAN-MAR mon', '0 2 * JAN-MAR mon'],
    ],
    bad: [
      ['""', '"0 2 * *"', '"0 2 * * * *"', '2', '99 99 * * *', '60 0 * * *', '0 24 * * *', '0 0 32 * *'],
      ['0 0 * 13 *', '0 0 * * 8', '"*/0 * * * *"', '"@daily"', '"? * * * *"', 'a b c d e', '[]'],
    ].flat(),
  },
  flag('persist.storage.retention.archive_before_delete', false),
  flag('persist.storage.compression.enabled', true),
  choice('persist.storage.compression.algorithm', 'gzip'),
  number('persist.storage.compression.level', 3, 1, 9),

  choice('persist.writer.sync', 'always', 'interval', 'never'),
  number('persist.writer.sync_interval_ms', 1_000, 1, 3_600_000),
  number('persist.writer.queue_mb', 64, 1, 2 ** 20),
  number('persist.writer.block_kb', 256, 16, 16_384),
  number('persist.writer.seal_idle_seconds', 60, 1, 86_400),
  number('persist.writer.reserve_mb', 256, 0, 2 ** 20),
  number('persist.writer.segment_mb', 64, 1, 4_096),
  number('persist.writer.spool_max_mb', 1_024, 1, 2 ** 24),

  number('persist.query.max_concurrent', 32, 1, 10_000),
  number('persist.query.timeout_seconds', 300, 1, 86_400),
  number('persist.query.max_rows', 0, 0, 2 ** 31 - 1),

  address('persist.monitoring.prometheus', '127.0.0.1:9092'),
  address('persist.monitoring.health', '127.0.0.1:9093'),
  url('persist.monitoring.tracing.otlp_endpoint'),

  region('persist.storage.cloudwatch.region'),
  named('persist.storage.cloudwatch.log_group_prefix', '/joblet', '/my.org/joblet', ['"a b"', '/ä']),
  text('persist.storage.cloudwatch.log_stream_prefix', undefined),
  named('persist.storage.cloudwatch.metric_namespace', 'Joblet/Jobs', 'Joblet/Production', [
    'AWS/EC2',
    '":a"',
  ]),
  {
    path: 'persist.storage.cloudwatch.metric_dimensions',
    byDefault: {},
    good: [['{Environment: production, "a b": "1"}', { Environment: 'production', 'a b': '1' }]],
    bad: ['[1]', 'text', '1'],
  },
  number('persist.storage.cloudwatch.log_batch_size', 100, 1, 10_000),
  number('persist.storage.cloudwatch.metric_batch_size', 20, 1, 1_000),
  {
    path: 'persist.storage.cloudwatch.log_retention_days',
    byDefault: 7,
    good: [
      ['0', 7],
      ['-1', -1],
      ['1', 1],
      ['1096', 1096],
      ['3653', 3653],
    ],
    bad: ['2', '8', '-2', '3654', '"7"', '7.5', 'true', '[]'],
  },
  url('persist.storage.cloudwatch.endpoint'),
  optional('persist.storage.s3.bucket', 'my.bucket-1', ['ab', 'My-Bucket', '"-abc"']),
  region('persist.storage.s3.region'),
  text('persist.storage.s3.key_prefix', 'jobs/'),
  url('persist.storage.s3.endpoint'),
  flag('persist.storage.s3.force_path_style', false),
  {
    ...choice('persist.storage.s3.sse', 'AES256', 'aws:kms'),
    byDefault: '',
    bad: ['aes256', 'kms', '1', '[]'],
  },
  alone(text('persist.storage.s3.kms_key_id', '')),
  {
    path: 'persist.storage.multi.backends',
    byDefault: [],
    good: [['[local, s3]', ['local', 's3']]],
    bad: ['local', '{a: 1}', '1'],
  },

  text('state.backend', 'memory', ['""']),
  socket('state.socket', '/opt/joblet/run/state-ipc.sock'),
  {
    path: 'state.socket_mode',
    byDefault: 0o600,
    good: [
      ['0600', 0o600],
      ['"0660"', 0o660],
      ['0o640', 0o640],
      ["'0777'", 0o777],
    ],
    bad: ['600', '"600"', '0800', '384', '00600', '0x180', '01777', 'rw', '[]', 'true', '-0600', '0600.5'],
  },
  number('state.max_message_size', 10_485_760, 1_024, 2 ** 30),
  number('state.max_response_size', 10_485_760, 0, 2 ** 30),
  flag('state.upsert_updates', true),
  choice('state.store_secrets', 'encrypted', 'plain', 'omit'),
  file('state.secret_key_file'),
  address('state.monitoring.prometheus', '127.0.0.1:9094'),
  address('state.monitoring.health', '127.0.0.1:9095'),
  region('state.storage.dynamodb.region'),
  named('state.storage.dynamodb.table_name', 'joblet-jobs', 'My_jobs.2', ['ab', '"a b c"']),
  flag('state.storage.dynamodb.ttl_enabled', true),
  named('state.storage.dynamodb.ttl_attribute', 'expiresAt', 'ttl', []),
  number('state.storage.dynamodb.ttl_days', 30, 0, 36_500),
  number('state.storage.dynamodb.read_capacity', 0, 0, 40_000),
  number('state.storage.dynamodb.write_capacity', 0, 0, 40_000),
  url('state.storage.dynamodb.endpoint'),
  flag('state.storage.dynamodb.create_table', false),
  flag('state.storage.dynamodb.use_index', false),
  text('state.storage.redis.endpoint', ''),
  text('state.storage.redis.password', ''),
  number('state.storage.redis.db', 0, 0, 65_535),
  flag('state.storage.redis.tls', false),
  number('state.storage.redis.ttl_days', 30, 0, 36_500),
  optional('state.storage.postgres.url', 'postgresql://u:p@h/d', ['mysql://h/d', 'localhost']),
  path('state.storage.local.directory', '/opt/joblet/state'),

  flag('ipc.enabled', true),
  socket('ipc.socket', '/opt/joblet/run/persist-ipc.sock'),
  number('ipc.buffer_size', 10_000, 1, 10_000_000),
  {
    path: 'ipc.reconnect_delay',
    byDefault: 5_000,
    good: [
      ['500ms', 500],
      ['1m', 60_000],
      ['1h', 3_600_000],
      ['1m30s', 90_000],
      ['0.5s', 500],
    ],
    bad: ['5', '"5"', '5 s', '-5s', '5d', '""', '9ms', '2h', 's', '[]'],
  },
  number('ipc.max_reconnects', 0, 0, 1_000_000_000),
  choice('ipc.protocol', 'auto', 'v1', 'v2'),
  choice('ipc.when_full', 'block', 'drop-newest', 'spill'),
  path('ipc.spool_dir', '/opt/joblet/spool'),

  {
    path: 'logging.level',
    byDefault: 'INFO',
    good: ['DEBUG', 'info', 'Warn', 'ERROR'].map((value) => [value, value.toUpperCase()] as const),
    bad: ['verbose', '""', '1', 'INFOX'],
  },
  choice('logging.format', 'text', 'json'),
  {
    path: 'logging.output',
    byDefault: 'stdout',
    good: [
      ['stdout', 'stdout'],
      ['stderr', 'stderr'],
      ['/var/log/j.log', '/var/log/j.log'],
      ['j.log', '/etc/joblet/j.log'],
    ],
    bad: ['""', '1', '[]'],
  },

  text('security.serverCert', ''),
  text('security.serverKey', ''),
  text('security.caCert', ''),
];

/** Sections that others check. */
const OPEN_SECTIONS = ['persist.storage.elasticsearch', 'persist.storage.options', 'state.storage.options'];

/** Without those that a value causes: that the key is deprecated, or without effect beside the others. */
function warningsOf({ warnings }: LoadedConfig): readonly string[] {
  return warnings
    .map(({ message }) => message)
    .filter((message) => !/ is (?:deprecated and )?ignored: /.test(message));
}

const FILE = '/etc/joblet/joblet-config.yml';

function load(yaml: string): Promise<LoadedConfig> {
  const files = { read: () => Promise.resolve(Buffer.from(yaml)), writable: () => Promise.resolve(true) };
  return loadConfig({ file: FILE, env: {}, hostName: 'host-1', platform: 'linux', files });
}

/** A file with one value; the comment keeps the key off the first line. */
function nested(keys: string, value: string): string {
  const parts = keys.split('.');
  return `# one value\n${parts.map((key, depth) => `${'  '.repeat(depth)}${key}:`).join('\n')} ${value}\n`;
}

function at(root: unknown, keys: string): unknown {
  return keys
    .split('.')
    .reduce<unknown>(
      (value, key) => (value !== null && typeof value === 'object' ? Reflect.get(value, key) : value),
      root,
    );
}

async function problemsOf(yaml: string): Promise<ConfigError['problems']> {
  const error: unknown = await load(yaml).catch((reason: unknown) => reason);
  if (!(error instanceof ConfigError))
    throw new Error(`expected a ConfigError for\n${yaml}`, { cause: error });
  return error.problems;
}

describe.each(KEYS)('$path', ({ path: name, byDefault, good, bad }) => {
  it('has its default when absent, and when empty', async () => {
    for (const yaml of ['', 'persist:\n', nested(name, '')])
      expect(at((await load(yaml)).config, name)).toEqual(byDefault);
  });

  it.each(good)('takes %s', async (yaml, value) => {
    const loaded = await load(nested(name, yaml));
    expect(at(loaded.config, name)).toEqual(value);
    expect(warningsOf(loaded)).toEqual([]);
  });

  it.each(bad)('refuses %s, saying where, what was found and what is allowed', async (yaml) => {
    const depth = name.split('.').length;
    const [problem, ...others] = await problemsOf(nested(name, yaml));
    expect(others).toEqual([]);
    expect(problem).toMatchObject({
      file: FILE,
      path: name,
      position: { line: depth + 1, column: depth * 2 - 1 },
    });
    expect(problem.found).not.toBe('');
    expect(problem.expected).not.toMatch(/invalid|undefined|\[object/i);
  });

  // A file that is the persist section itself.
  if (name !== 'ipc.socket' && !name.startsWith('state.')) {
    it('is the same in a standalone file', async () => {
      const [yaml, value] = good[0];
      const alone = name.replace(/^persist\./, '');
      const loaded = await load(nested(alone, yaml));
      expect(at(loaded.config, name)).toEqual(value);
      expect(warningsOf(loaded)).toEqual([]);
      expect((await problemsOf(nested(alone, bad[0])))[0].path).toBe(alone);
    });
  }
});

describe.each(OPEN_SECTIONS)('%s', (name) => {
  it('is taken as it is, without warnings', async () => {
    const loaded = await load(nested(name, '{any: [1, null], Key: {x: y}}'));
    expect(at(loaded.config, name)).toEqual({ any: [1, null], Key: { x: 'y' } });
    expect(warningsOf(loaded)).toEqual([]);
    expect(at((await load('persist: {}')).config, name)).toBeUndefined();
  });

  it('must be a section', async () => {
    expect(await problemsOf(nested(name, '[1]'))).toMatchObject([
      { path: name, found: 'a list', expected: 'a section: keys and values' },
    ]);
  });
});

describe('the list of keys', () => {
  it('is complete: the schema has these keys and no others, each with a description', () => {
    const schema = configSchema({
      baseDir: '/b',
      folder: '/',
      hostName: 'h',
      persistSocket: '/s',
      producerSocket: '/s',
      socketBytesMax: 107,
    });
    const described = leaves(z.toJSONSchema(schema, { io: 'input' }));
    expect(described.map(([name]) => name).sort()).toEqual(
      [...KEYS.map((row) => row.path), ...OPEN_SECTIONS].sort(),
    );
    expect(described.filter(([, description]) => !description).map(([name]) => name)).toEqual([]);
  });
});

function leaves(schema: z.core.JSONSchema._JSONSchema, prefix = ''): [string, string | undefined][] {
  if (typeof schema === 'boolean') return [];
  if (schema.properties === undefined) return [[prefix, schema.description]];
  return Object.entries(schema.properties).flatMap(([key, child]) =>
    leaves(child, prefix === '' ? key : `${prefix}.${key}`),
  );
}
