import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from './config-error.js';
import { nodeFiles, SEARCH_PATH } from './find-file.js';
import { loadConfig, type LoadedConfig, type LoadOptions } from './load-config.js';

/** A file system with these files and nothing else; `undefined` may not be read. */
function filesOf(files: Readonly<Record<string, string | undefined>>, writable = true): LoadOptions {
  return {
    env: {},
    cwd: '/home/u',
    homeDir: '/home/u',
    hostName: 'host-1',
    platform: 'linux',
    files: {
      read: (path) => {
        const text = files[path];
        const code = path in files ? 'EACCES' : 'ENOENT';
        return text === undefined
          ? Promise.reject(Object.assign(new Error(code), { code }))
          : Promise.resolve(Buffer.from(text));
      },
      writable: () => Promise.resolve(writable),
    },
  };
}

function load(yaml: string, options: LoadOptions = {}): Promise<LoadedConfig> {
  return loadConfig({ ...filesOf({ '/etc/c.yml': yaml }), file: '/etc/c.yml', ...options });
}

async function failure(loading: Promise<unknown>): Promise<ConfigError> {
  const reason: unknown = await loading.catch((error: unknown) => error);
  if (reason instanceof ConfigError) return reason;
  throw new Error('expected a ConfigError', { cause: reason });
}

describe('the search', () => {
  const node = (id: string): string => `server: {nodeId: ${id}}\npersist:\n`;
  const everywhere = {
    '/home/u/named.yml': node('named'),
    '/env.yml': node('env'),
    '/opt/joblet/config/joblet-config.yml': node('opt-config'),
    '/opt/joblet/joblet-config.yml': node('opt'),
    '/home/u/config/joblet-config.yml': node('cwd-config'),
    '/home/u/joblet-config.yml': node('cwd'),
    '/etc/joblet/joblet-config.yml': node('etc'),
  };

  it('takes the file that is named, then JOBLET_CONFIG_PATH, then the first of the list', async () => {
    const seen: string[] = [];
    const paths = Object.keys(everywhere);
    for (const [rank, path] of paths.entries()) {
      const remaining = Object.fromEntries(Object.entries(everywhere).slice(rank));
      const { config, file } = await loadConfig({
        ...filesOf(remaining),
        file: rank === 0 ? './named.yml' : undefined,
        env: { JOBLET_CONFIG_PATH: rank <= 1 ? '/env.yml' : '' },
      });
      expect(file).toBe(path);
      seen.push(config.server.nodeId);
    }
    expect(seen).toEqual(['named', 'env', 'opt-config', 'opt', 'cwd-config', 'cwd', 'etc']);
    expect(SEARCH_PATH).toHaveLength(5);
  });

  it.each([
    ['--config', { file: 'gone.yml' }, '/home/u/gone.yml: found no such file'],
    ['JOBLET_CONFIG_PATH', { env: { JOBLET_CONFIG_PATH: '/gone.yml' } }, '/gone.yml: found no such file'],
  ])('does not go on when the file of %s is missing', async (_name, options, message) => {
    const error = await failure(loadConfig({ ...filesOf(everywhere), ...options }));
    expect(error.message).toBe(`${message}, expected a readable configuration file`);
  });

  it('does not go on when a file is there but may not be read', async () => {
    const files = { ...everywhere, '/opt/joblet/joblet-config.yml': undefined, [SEARCH_PATH[0]]: undefined };
    expect((await failure(loadConfig(filesOf(files)))).message).toBe(
      `${SEARCH_PATH[0]}: found a file without permission to read it, expected a readable configuration file`,
    );
  });
});

describe('without a file', () => {
  it('uses /opt/joblet when it is writable, and says so', async () => {
    const { config, file, notes, warnings } = await loadConfig(filesOf({}));
    expect(file).toBeUndefined();
    expect(config.persist.storage.base_dir).toBe('/opt/joblet');
    expect(notes).toEqual(['no configuration file found: built-in defaults, base_dir /opt/joblet']);
    expect(warnings).toEqual([]);
  });

  it.each([
    [{}, '/home/u/.local/state/joblet'],
    [{ XDG_STATE_HOME: '/xdg' }, '/xdg/joblet'],
    [{ XDG_STATE_HOME: 'not/absolute' }, '/home/u/.local/state/joblet'],
  ])('with %j uses a folder of the user when it is not', async (env, baseDir) => {
    const { config, notes } = await loadConfig({ ...filesOf({}, false), env });
    expect(config.persist.storage).toMatchObject({
      base_dir: baseDir,
      local: { logs: { directory: `${baseDir}/logs` }, metrics: { directory: `${baseDir}/metrics` } },
    });
    expect(config.persist.server.grpc_socket).toBe(`${baseDir}/run/persist-grpc.sock`);
    expect([config.persist.ipc.socket, config.ipc.socket]).toEqual(
      Array(2).fill(`${baseDir}/run/persist-ipc.sock`),
    );
    expect(notes).toEqual([
      `no configuration file found: built-in defaults, base_dir ${baseDir} (/opt/joblet is not writable)`,
    ]);
  });

  it('names base_dir when sockets below it have too long a path', async () => {
    const homeDir = `/${'h'.repeat(90)}`;
    const error = await failure(loadConfig({ ...filesOf({}, false), homeDir }));
    expect(error.message).toBe(
      `defaults: persist.storage.base_dir: found "${homeDir}/.local/state/joblet", expected a shorter path, ` +
        'so that persist.server.grpc_socket is a socket path of at most 107 bytes, not 133',
    );
  });
});

describe('a file', () => {
  it('keeps /opt/joblet, whoever reads it: all who share the file must find the same sockets', async () => {
    const { config, notes } = await loadConfig({
      ...filesOf({ '/etc/c.yml': '' }, false),
      file: '/etc/c.yml',
    });
    expect(config.persist.storage.base_dir).toBe('/opt/joblet');
    expect(notes).toEqual([]);
  });

  it('has sockets, logs and metrics below base_dir unless they are named', async () => {
    const { config } = await load('persist: {storage: {base_dir: data}, ipc: {socket: /run/i.sock}}');
    expect(config.persist.server.grpc_socket).toBe('/etc/data/run/persist-grpc.sock');
    expect(config.persist.storage.local.logs.directory).toBe('/etc/data/logs');
    expect(config.ipc).toMatchObject({ socket: '/run/i.sock', spool_dir: '/etc/data/spool' });
  });

  it('may have its sockets 107 bytes long, 103 on macOS', async () => {
    const yaml = (bytes: number): string => `persist: {ipc: {socket: /${'s'.repeat(bytes - 1)}}}`;
    await load(yaml(107));
    await load(yaml(103), { platform: 'darwin' });
    expect((await failure(load(yaml(108)))).problems).toHaveLength(1);
    expect((await failure(load(yaml(104), { platform: 'darwin' }))).message).toContain(
      'at most 103 bytes, not 104',
    );
  });

  it('is standalone without persist, state and joblet: the same values, the same defaults', async () => {
    const alone = await load(
      'version: "3.0"\nserver: {nodeId: n, max_connections: 5}\nstorage: {base_dir: /b}\nlogging: {level: WARN}\n' +
        'ipc: {max_connections: 7, buffer_size: 9}\n',
    );
    const nested = await load(
      'server: {nodeId: n}\nlogging: {level: WARN}\nipc: {buffer_size: 9}\n' +
        'persist: {server: {max_connections: 5}, storage: {base_dir: /b}, ipc: {max_connections: 7}}\n',
    );
    expect(alone.config).toEqual(nested.config);
    expect([alone.warnings, nested.warnings]).toEqual([[], []]);
    for (const root of ['state', 'joblet', 'cgroup', 'telemetry']) {
      const { config } = await load(`${root}: {}\nwriter: {sync: never}`);
      expect(config.persist.writer.sync).toBe('always');
    }
  });

  it('may use anchors and merge keys', async () => {
    const { config } = await load(
      'x-rotation: &r {max_size_mb: 7}\npersist: {storage: {local: {logs: {rotation: *r}, metrics: {rotation: {<<: *r, max_files: 2}}}}}',
    );
    expect(config.persist.storage.local.logs.rotation.max_size_mb).toBe(7);
    expect(config.persist.storage.local.metrics.rotation).toMatchObject({ max_size_mb: 7, max_files: 2 });
  });

  it.each(['[1]', 'text', '3'])('that is %s is no configuration', async (yaml) => {
    expect((await failure(load(yaml))).message).toMatch(/^\/etc\/c.yml: found .*, expected a section/);
  });
});

describe('the environment', () => {
  it('wins over the file', async () => {
    const env = { JOBLET_LOG_LEVEL: 'debug', JOBLET_LOG_FORMAT: 'json', JOBLET_NODE_ID: 'n-env' };
    const { config } = await load('server: {nodeId: n}\nlogging: {level: ERROR, output: stderr}\npersist:', {
      env,
    });
    expect(config.logging).toEqual({ level: 'DEBUG', format: 'json', output: 'stderr' });
    expect(config.server.nodeId).toBe('n-env');
    const empty = await load('logging: {level: ERROR}', { env: { JOBLET_LOG_LEVEL: '' } });
    expect(empty.config.logging.level).toBe('ERROR');
  });

  it('is named in its errors', async () => {
    const env = { JOBLET_LOG_LEVEL: 'loud', JOBLET_LOG_FORMAT: 'xml' };
    const error = await failure(load('logging: {output: 3}', { env }));
    expect(error.message.split('\n')).toEqual([
      'environment: JOBLET_LOG_LEVEL: found "loud", expected one of DEBUG, INFO, WARN, ERROR',
      'environment: JOBLET_LOG_FORMAT: found "xml", expected one of text, json',
      '/etc/c.yml:1:11: logging.output: found 3, expected stdout or stderr or a path',
    ]);
  });
});

describe('errors', () => {
  it('come all at once, a line for each, with what was found and what is allowed', async () => {
    const yaml = `
persist:
  server:
    max_connections: "256"
  ipc:
    max_message_size: 99999999999999999999
  storage: [local]
  writer:
    sync: sometimes
    block_kb: -1
ipc:
  enabled: yes
security:
  serverKey: [secret]
`;
    expect((await failure(load(yaml))).message.split('\n')).toEqual([
      '/etc/c.yml:4:5: persist.server.max_connections: found "256" (text), expected a whole number from 1 to 100000',
      '/etc/c.yml:6:5: persist.ipc.max_message_size: found 99999999999999999999, expected a whole number from 1024 to 1073741824 (bytes)',
      '/etc/c.yml:7:3: persist.storage: found a list, expected a section: keys and values',
      '/etc/c.yml:9:5: persist.writer.sync: found "sometimes", expected one of always, interval, never',
      '/etc/c.yml:10:5: persist.writer.block_kb: found -1, expected a whole number from 16 to 16384 (KiB)',
      '/etc/c.yml:12:3: ipc.enabled: found "yes" (text), expected true or false',
      '/etc/c.yml:14:3: security.serverKey: found a list that is not shown, expected text',
    ]);
  });

  it('do not repeat passwords or endless values', async () => {
    const { message } = await failure(
      load(`logging: {format: "redis://:pw@h", level: ${'x'.repeat(5_000)}}`),
    );
    expect(message).toContain('"redis://:***@h"');
    expect(message.length).toBeLessThan(600);
  });
});

describe('warnings', () => {
  it('name tags that mean nothing', async () => {
    const { warnings } = await load('server: {nodeId: !vault x}\npersist:\n');
    expect(warnings).toMatchObject([{ message: '/etc/c.yml:1:18: Unresolved tag: !vault' }]);
  });
});

describe('notes', () => {
  it('name the keys that tune what is not built, as the file spells them', async () => {
    const persist = 'ipc: {read_buffer: 4096, spool_dir: /s}, server: {tls: {client_auth: none}}';
    expect((await load(`{${persist}}`)).notes).toEqual([
      'not built yet, without effect: server.tls.client_auth, ipc.read_buffer, ipc.spool_dir',
    ]);
    const nested =
      'persist: {ipc: {write_buffer: 4096}, server: {tls: {}, grpc_address: ""}}\nipc: {spool_dir: /s}';
    expect((await load(nested)).notes).toEqual([
      'not built yet, without effect: persist.ipc.write_buffer, ipc.spool_dir',
    ]);
    const withAddress =
      'persist: {server: {grpc_address: "h:1", tls: {cert_file: c, key_file: k, client_auth: none}}}';
    expect((await load(withAddress)).notes).toEqual([]);
  });

  it('say what tunes something that is not there yet', async () => {
    const { notes } = await load('persist: {writer: {queue_mb: 8, block_kb: 64, spool_max_mb: 1}}');
    expect(notes).toEqual(['not built yet, without effect: persist.writer.spool_max_mb']);
  });
});

describe('with real files', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cfg-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('reads a file, with or without a byte order mark', async () => {
    const file = join(folder, 'c.yml');
    await writeFile(file, '\uFEFFserver: {nodeId: ñ}\n');
    expect(await loadConfig({ file, env: {} })).toMatchObject({ file, config: { server: { nodeId: 'ñ' } } });
  });

  it('knows whether a folder could be made', async () => {
    await writeFile(join(folder, 'file'), '');
    expect(await nodeFiles.writable(join(folder, 'not/yet/there'))).toBe(true);
    expect(await nodeFiles.writable(folder)).toBe(true);
    expect(await nodeFiles.writable(join(folder, 'file/below'))).toBe(false);
  });

  it('refuses folders, what is not UTF-8 and what never ends', async () => {
    await mkdir(join(folder, 'd'));
    await writeFile(join(folder, 'latin1'), Buffer.from([0x23, 0xf1]));
    const messages = await Promise.all(
      ['d', 'latin1', '/dev/zero', 'latin1/below'].map(
        async (file) => (await failure(loadConfig({ file, env: {}, cwd: folder }))).message,
      ),
    );
    expect(messages).toEqual([
      `${folder}/d: found a folder, expected a readable configuration file`,
      `${folder}/latin1: found text that is not UTF-8, expected a readable configuration file`,
      '/dev/zero: found more than 1048576 bytes, expected a readable configuration file',
      `${folder}/latin1/below: found no such file, expected a readable configuration file`,
    ]);
  });
});
