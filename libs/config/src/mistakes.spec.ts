import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import { ConfigError, problemLine } from './config-error.js';
import { effectiveConfig } from './effective-config.js';
import { isSection } from './known-keys.js';
import { checkText, errorLines, warningLines } from './testing/check-text.js';

/** What people write, and the line that they read. */
const MISTAKES: readonly (readonly [what: string, yaml: string, line: string])[] = [
  [
    'a tab',
    'persist:\n\twriter: {}\n',
    '2:1: found a tab in the indentation (only spaces are allowed), expected valid YAML',
  ],
  [
    'a line that is indented otherwise',
    'persist:\n  writer:\n    queue_mb: 1\n   block_kb: 64\n',
    '4:1: found another indentation than that of the lines around it, expected valid YAML',
  ],
  [
    'a key given twice',
    'persist: {}\npersist: {}\n',
    '2:1: found the key persist a second time, expected each key once',
  ],
  [
    'a schedule without quotes',
    'persist:\n  storage:\n    retention:\n      cleanup_schedule: * * * * *\n',
    '4:25: found a * without quotes (write "* * * * *"), expected valid YAML',
  ],
  [
    'no space after the colon',
    'persist:\n  storage:\n    type:local\n',
    '2:3: persist.storage: found text (a space is missing after the colon), expected a section: keys and values',
  ],
  [
    'text for a number',
    'persist: {query: {max_rows: "10"}}',
    '1:19: persist.query.max_rows: found "10" (text), expected a whole number from 0 to 2147483647',
  ],
  [
    'a unit',
    'persist: {writer: {queue_mb: 64mb}}',
    '1:20: persist.writer.queue_mb: found "64mb" (text), expected a whole number from 1 to 1048576 (MiB)',
  ],
  [
    'a space in a duration',
    'ipc: {reconnect_delay: 5 s}',
    '1:7: ipc.reconnect_delay: found "5 s", expected a duration from 10ms to 1h such as 500ms, 5s, 1m or 2h',
  ],
  [
    'a duration without a unit',
    'ipc: {reconnect_delay: 5}',
    '1:7: ipc.reconnect_delay: found 5, expected a duration from 10ms to 1h such as 500ms, 5s, 1m or 2h',
  ],
  [
    'a negative number',
    'persist: {ipc: {max_connections: -1}}',
    '1:17: persist.ipc.max_connections: found -1, expected a whole number from 1 to 100000',
  ],
  [
    'a fraction',
    'persist: {ipc: {max_connections: 1.5}}',
    '1:17: persist.ipc.max_connections: found 1.5, expected a whole number from 1 to 100000',
  ],
  [
    'a number that no double has',
    'persist: {ipc: {max_connections: 9007199254740993}}',
    '1:17: persist.ipc.max_connections: found 9007199254740993, expected a whole number from 1 to 100000',
  ],
  [
    'a list for a section',
    'persist:\n  storage:\n    - type: local\n',
    '2:3: persist.storage: found a list, expected a section: keys and values',
  ],
  ['a number for a section', 'state: 5', '1:1: state: found 5, expected a section: keys and values'],
  ['yes', 'ipc: {enabled: yes}', '1:7: ipc.enabled: found "yes" (text), expected true or false'],
  ['off', 'ipc: {enabled: off}', '1:7: ipc.enabled: found "off" (text), expected true or false'],
  [
    'another case',
    'persist: {writer: {sync: Always}}',
    '1:20: persist.writer.sync: found "Always", expected one of always, interval, never; did you mean always?',
  ],
  [
    'a slip in a value',
    'logging: {format: jsn}',
    '1:11: logging.format: found "jsn", expected one of text, json; did you mean json?',
  ],
  ['a number for a name', 'server: {nodeId: 42}\npersist:', '1:10: server.nodeId: found 42, expected text'],
  [
    'days that CloudWatch does not have',
    'persist: {storage: {cloudwatch: {log_retention_days: 10}}}',
    '1:34: persist.storage.cloudwatch.log_retention_days: found 10, expected -1 (for ever), 0 (7 days) or one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653',
  ],
  [
    'a mode without its zero',
    'state: {socket_mode: 600}',
    '1:9: state.socket_mode: found 600, expected an octal mode such as 0600 or 0660',
  ],
];

describe('a mistake is one line', () => {
  it.each(MISTAKES)('%s', async (_what, yaml, line) => {
    expect(await errorLines(yaml)).toEqual([line]);
  });

  it('and all of a file come at once', async () => {
    const pathOf = (line: string): string => line.replace(/^\d+:\d+: (\S+): .*/, '$1');
    // Mistakes of the syntax hide all others.
    const texts = MISTAKES.map(([, yaml]) => yaml).filter((yaml) => /^(?:persist|ipc): \{.*\}$/.test(yaml));
    const together: Record<string, unknown> = {};
    const expected = new Set<string>();
    for (const text of texts) {
      for (const line of await errorLines(text)) expected.add(pathOf(line));
      merge(together, parse(text));
    }
    const found = (await errorLines(JSON.stringify(together))).map(pathOf);
    expect(new Set(found)).toEqual(expected);
    expect(expected.size).toBeGreaterThan(5);
  });
});

function merge(into: Record<string, unknown>, from: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(from)) {
    const old = into[key];
    if (isSection(old) && isSection(value)) merge(old, value);
    else into[key] = value;
  }
}

/** Everything that anybody may read about a file. */
async function everythingSaid(yaml: string): Promise<string> {
  try {
    const { config, problems, warnings, notBuilt, notes } = await checkText(yaml);
    const lines = [...problems, ...notBuilt].map(problemLine);
    const effective = config ? effectiveConfig(config) : '';
    return JSON.stringify([problems, notBuilt, warnings, notes]) + lines.join() + effective;
  } catch (error) {
    if (error instanceof ConfigError) return error.message + JSON.stringify(error.problems);
    throw error;
  }
}

describe('secrets', () => {
  const SECRET = 's3cr3tS3cr3t';
  const key = (secret: string): string =>
    `-----BEGIN RSA PRIVATE KEY-----\n${secret}\n-----END RSA PRIVATE KEY-----\n`;
  /** Ways in which a value contains a secret. */
  const inText = fc.constantFrom<(secret: string) => string>(
    (secret) => `redis://:${secret}@h:6379`,
    (secret) => `postgres://u:${secret}@h/d`,
    (secret) => `postgresql://u:p ${secret}@x@h/d?sslmode=require`,
    (secret) => `postgres://h/d?user=u&password=${secret}&x=y`,
    (secret) => `https://${secret}@h/x`,
    (secret) => `host=h password='a ${secret}' user=u`,
    (secret) => `http://h/?token=${secret}`,
    key,
  );
  /** What else may stand around it: more of the same secret, signs that mean something in YAML or in a URL. */
  const secret = fc
    .array(fc.constantFrom('', 'x', '/', ':', '#', '%40', '"', "'", '?', 'ä', '\\'), { maxLength: 3 })
    .map((parts) => parts.join('') + SECRET);
  const wrap = fc.constantFrom<(value: unknown) => unknown>(
    (value) => value,
    (value) => [value],
    (value) => ({ deep: value }),
  );
  const secretKeys = [
    ['security', 'serverKey'],
    ['state', 'storage', 'redis', 'password'],
    ['persist', 'storage', 'options', 'api_key'],
    ['persist', 'storage', 'options', 'dbPassword'],
    ['state', 'storage', 'options', 'accessToken'],
    ['persist', 'storage', 'elasticsearch', 'Authorization'],
  ];
  const anyKeys = [
    ...secretKeys,
    ['state', 'storage', 'postgres', 'url'],
    ['state', 'storage', 'redis', 'endpoint'],
    ['state', 'storage', 'redis'],
    ['state', 'storage', 'redis', 'passwrd'],
    ['persist', 'monitoring', 'tracing', 'otlp_endpoint'],
    ['persist', 'storage', 'options', 'dsn'],
    ['persist', 'storage', 's3', 'endpoint'],
    ['persist', 'ipc', 'max_connections'],
    ['persist', 'storage', 'type'],
    ['persist', 'storage', 'base_dir'],
    ['logging', 'level'],
    ['persist'],
  ];
  const nest = (path: readonly string[], value: unknown): unknown =>
    path.reduceRight<unknown>((child, name) => ({ [name]: child }), value);

  it('are in no message and in no effective configuration, under a key for secrets', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...secretKeys), secret, wrap, async (path, value, wrapped) => {
        expect(await everythingSaid(JSON.stringify(nest(path, wrapped(value))))).not.toContain(SECRET);
      }),
      { numRuns: 100 },
    );
  });

  it('are in none either where a URL, a connection string or a PEM key has them, under any key', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...anyKeys), inText, wrap, async (path, text, wrapped) => {
        expect(await everythingSaid(JSON.stringify(nest(path, wrapped(text(SECRET)))))).not.toContain(SECRET);
      }),
      { numRuns: 150 },
    );
  });

  it('are not shown as a part of a key, when the space after the colon is missing', async () => {
    for (const flow of [
      `{password:${SECRET}}`,
      `{password=${SECRET}}`,
      `{url:redis://:${SECRET}@h}`,
      `{dsn:api_key=${SECRET}}`,
    ]) {
      for (const section of ['state: {storage: {redis: ', 'persist: {storage: {options: ']) {
        expect(await everythingSaid(`${section}${flow}}}`)).not.toContain(SECRET);
      }
    }
    expect(await warningLines(`state: {storage: {redis: {password:${SECRET}}}}`)).toEqual([
      '1:27: unknown key state.storage.redis.password:*** is ignored (a space is missing after the colon)',
    ]);
  });

  it('in the place of a section are not shown, whatever they look like', async () => {
    for (const path of [
      ['security'],
      ['state'],
      ['state', 'storage', 'redis'],
      ['persist', 'storage', 'options'],
    ]) {
      expect(await everythingSaid(JSON.stringify(nest(path, SECRET)))).not.toContain(SECRET);
    }
  });
});
