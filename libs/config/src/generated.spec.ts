import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { describeKeys } from './describe-keys.js';
import { configJsonSchema } from './json-schema.js';
import { checkText, errorLines } from './testing/check-text.js';
import { isValid } from './testing/json-schema-validator.js';

const GENERATE = fileURLToPath(new URL('../generate/generate.mjs', import.meta.url));
const PAGE = fileURLToPath(new URL('../../../docs/configuration.md', import.meta.url));

it('joblet-config.schema.json and docs/configuration.md are what the schemas say', async () => {
  const env = { ...process.env, NODE_OPTIONS: '' };
  await promisify(execFile)(process.execPath, [GENERATE, '--check'], { env });
});

describe('docs/configuration.md', () => {
  it('has every key', async () => {
    const page = await readFile(PAGE, 'utf8');
    for (const { path, allowed } of describeKeys()) {
      const name = path[path.length - 1];
      const section = page.split(`# ${path.slice(0, -1).join('.')}\n`)[1]?.split('\n#')[0] ?? '';
      if (allowed === '') expect(page).toContain(`# ${path.join('.')}\n`);
      else expect(section).toContain(`| \`${name}\``);
    }
  });

  it('has examples without errors and warnings', async () => {
    const page = await readFile(PAGE, 'utf8');
    const examples = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text]) => text);
    expect(examples.length).toBeGreaterThan(4);
    for (const text of examples) {
      const { config, problems, warnings, notBuilt } = await checkText(text, { program: 'persist' });
      expect({ problems, warnings, notBuilt }).toEqual({ problems: [], warnings: [], notBuilt: [] });
      expect(config?.persist.storage.base_dir).toMatch(/joblet/);
      expect(isValid(configJsonSchema(), parse(text))).toBe(true);
    }
  });

  it('has messages as they are', async () => {
    const page = await readFile(PAGE, 'utf8');
    const wrong = 'persist:\n  # 1\n  server:\n    max_connections: "256"\n  writer:\n    sync: Always\n';
    const misplaced = 'joblet:\ngrpc_socket: /x\n';
    const [one, other] = await Promise.all([checkText(wrong), checkText(misplaced)]);
    const lines = [
      ...one.problems.map(({ path, found }) => `${path}: found ${found}, expected `),
      ...other.warnings.map(({ message }) => message.replace('/etc/joblet/c.yml', 'joblet-config.yml')),
    ];
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(page).toContain(line);
  });
});

describe('the JSON Schema', () => {
  const schema = configJsonSchema();

  it.each([
    '',
    '{}',
    'persist:',
    'persist: {storage: {type: ./mine.js, options: {any: [1]}}}',
    'persist: {ipc: {max_connections: 5}}\nipc: {reconnect_delay: 1m30s}\njoblet: {any: 1}\nserver: {mode: server}',
    'storage: {base_dir: /x}\nserver: {nodeId: n, max_connections: 5}\nipc: {buffer_size: 1, socket: /x}\nx-a: 1',
    'state: {socket_mode: 0600, pool: {size: 3}}',
    'state: {socket_mode: "0660"}',
    'persist: {storage: {cloudwatch: {log_retention_days: -1, metric_dimensions: {A: b}}}}',
  ])('takes %j, as the services do', async (yaml) => {
    expect((await checkText(yaml)).problems).toEqual([]);
    expect(isValid(schema, parse(yaml))).toBe(true);
  });

  it.each([
    'persist: {ipc: {max_connections: 0}}',
    'ipc: {max_connections: 0}',
    'persist: {ipc: {max_connections: "5"}}',
    'persist: {writer: {sync: sometimes}}',
    'writer: {sync: sometimes}',
    'persist: []',
    'state: {socket_mode: rw}',
    'state: {storage: {postgres: {url: "mysql://h"}}}',
    'persist: {monitoring: {health: 9093}}',
    'persist: {monitoring: {health: localhost}}',
    'persist: {storage: {cloudwatch: {log_retention_days: 8}}}',
    'persist: {storage: {cloudwatch: {metric_dimensions: {A: 1}}}}',
    'ipc: {reconnect_delay: 5}',
    'logging: {level: verbose}\npersist:',
    '[1]',
  ])('refuses %j, as the services do', async (yaml) => {
    expect(await errorLines(yaml)).not.toEqual([]);
    expect(isValid(schema, parse(yaml))).toBe(false);
  });

  it('takes every key without a value, as the services do', async () => {
    for (const { path } of describeKeys()) {
      const yaml = JSON.stringify(path.reduceRight<unknown>((child, name) => ({ [name]: child }), null));
      expect({ yaml, problems: (await checkText(yaml)).problems }).toEqual({ yaml, problems: [] });
      expect({ yaml, isValid: isValid(schema, parse(yaml)) }).toEqual({ yaml, isValid: true });
    }
  });

  it.each([
    'persist: {storage: {multi: {backends: [null]}}}',
    'persist: {storage: {cloudwatch: {metric_dimensions: {A: null}}}}',
  ])('refuses %j: what is in a list, or under a free name, is no key', async (yaml) => {
    expect(await errorLines(yaml)).not.toEqual([]);
    expect(isValid(schema, parse(yaml))).toBe(false);
  });

  it.each([
    'persist: {wrtier: {}}',
    'persist: {ipc: {buffer_size: 1}}',
    'state: {buckend: x}',
    'ipc: {bufer_size: 1}\npersist:',
    'storrage: {}',
  ])('refuses %j, of which the services warn', async (yaml) => {
    expect((await checkText(yaml)).warnings).toHaveLength(1);
    expect(isValid(schema, parse(yaml))).toBe(false);
  });

  it('tells the defaults that the services use', async () => {
    const { config } = await checkText('');
    expect(config).toBeDefined();
    const wrong = describeKeys().filter(({ path, byDefault }) => {
      const node = at(schema, ['$defs', path[0], ...path.slice(1).flatMap((name) => ['properties', name])]);
      const expected = byDefault.replace('{base_dir}', '/opt/joblet');
      const told = JSON.stringify(at(node, ['default'])) ?? '';
      return told !== expected && !/^(the host name|\/opt\/joblet)$/.test(byDefault);
    });
    expect(wrong).toEqual([]);
  });
});

function at(root: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (value !== null && typeof value === 'object' ? Reflect.get(value, key) : undefined),
    root,
  );
}
