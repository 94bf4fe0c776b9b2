import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  findDynamoDbLocal,
  findPostgres,
  findRedis,
  startDynamoDbLocal,
  startPostgres,
  startRedis,
} from '@joblet/services';
import { describeWithServer } from '@joblet/services/jest';
import { start } from './testing/background.js';
import { createEmptyFolder, type EmptyFolder, npmInstall } from './testing/empty-folder.js';
import { packAll } from './testing/pack.js';
import { readUsage } from './testing/readme.js';
import { registryAt, type Registry, startRegistry } from './testing/registry.js';
import { run, strangersEnvironment } from './testing/run.js';
import { publishedWorkspaces, ROOT, type Workspace } from './testing/workspaces.js';

const LINES_MAX = 15;
const NODE = process.execPath;

const workspaces = publishedWorkspaces();
const libraries = workspaces.filter(({ manifest }) => !manifest.bin);
const apps = workspaces.filter(({ manifest }) => manifest.bin);

let registry: Registry;
let tarballs: string;
const folders = new Map<string, EmptyFolder>();

beforeAll(async () => {
  tarballs = await mkdtemp(join(tmpdir(), 'joblet-tarballs-'));
  const given = process.env.JOBLET_REGISTRY;
  registry = given ? registryAt(given) : await startRegistry(await packAll(workspaces, tarballs));
});

afterAll(async () => {
  for (const folder of folders.values()) await folder[Symbol.asyncDispose]();
  await registry[Symbol.asyncDispose]();
  await rm(tarballs, { recursive: true });
});

/** A folder with nothing but what the command of the library's README installs, and its first program. */
async function installed({ folder, manifest }: Workspace): Promise<string> {
  const existing = folders.get(manifest.name);
  if (existing) return existing.path;
  const created = await createEmptyFolder(registry);
  folders.set(manifest.name, created);
  const { program, install } = readUsage(folder);
  await npmInstall(created.path, install);
  await writeFile(join(created.path, 'program.mjs'), program);
  return created.path;
}

const library = (name: string): Workspace => libraries.find(({ manifest }) => manifest.name === name)!;

describe.each(libraries.map((workspace) => [workspace.manifest.name, workspace] as const))(
  '%s',
  (name, workspace) => {
    const entries = Object.keys(workspace.manifest.exports ?? {})
      .filter((entry) => !entry.endsWith('.json'))
      .map((entry) => join(name, entry));

    it('is installed alone by the command of its README', async () => {
      await installed(workspace);
    });

    it('is imported', async () => {
      const cwd = await installed(workspace);
      const lines = entries.map((entry) => `console.log(Object.keys(await import('${entry}')).length > 0);`);
      await writeFile(join(cwd, 'import.mjs'), lines.join('\n'));
      expect((await run(NODE, ['import.mjs'], { cwd })).stdout).toBe('true\n'.repeat(entries.length));
    });

    it('is required', async () => {
      const cwd = await installed(workspace);
      const lines = entries.map((entry) => `console.log(Object.keys(require('${entry}')).length > 0);`);
      await writeFile(join(cwd, 'require.cjs'), lines.join('\n'));
      expect((await run(NODE, ['require.cjs'], { cwd })).stdout).toBe('true\n'.repeat(entries.length));
    });

    it('has a first program of at most 15 lines', () => {
      expect(readUsage(workspace.folder).program.trimEnd().split('\n').length).toBeLessThanOrEqual(LINES_MAX);
    });
  },
);

/** What the first programs print of those libraries that need nobody else. */
const PRINTED: Record<string, string> = {
  '@joblet/config': '',
  '@joblet/proto': 'nightly\n',
  '@joblet/storage': 'hello, world\n',
  '@joblet/state-store':
    'COMPLETED 1152921504606846976\nLOCK_FAILED: job job-1 has version 2; expected 1\n1 ended\n',
  '@joblet/state-local': 'nightly version 2\n',
  '@joblet/storage-local': 'hello\n',
  '@joblet/wal': '0 1\n',
  '@joblet/wire': [
    '7n',
    '{"job_id":"backup-1","stream":1,"timestamp":1763600000000000000,"sequence":7,"text":"done\\n"}',
    '1763600000000000000n\n',
  ].join('\n'),
};

/** Of those that need a server: also how to start it, and the environment that leads to it. */
const PRINTED_WITH_SERVER = [
  {
    name: '@joblet/state-redis',
    printed: 'nightly version 2\n',
    find: findRedis,
    start: async () => {
      const server = await startRedis();
      return { server, env: { REDIS: server.url } };
    },
  },
  {
    name: '@joblet/state-postgres',
    printed: 'job-1 RUNNING version 2\n',
    find: findPostgres,
    start: async () => {
      const server = await startPostgres({ settings: { fsync: 'off' } });
      return { server, env: { DATABASE_URL: server.url } };
    },
  },
  {
    name: '@joblet/state-dynamodb',
    printed: 'job-1 RUNNING version 2\n',
    find: findDynamoDbLocal,
    start: async () => {
      const server = await startDynamoDbLocal({ inMemory: true });
      const { accessKeyId, secretAccessKey } = server.credentials;
      const env = {
        DYNAMODB_ENDPOINT: server.endpoint,
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
      };
      return { server, env };
    },
  },
];
const WITH_OTHERS = ['@joblet/client', '@joblet/ipc', '@joblet/producer', '@joblet/service'];

it('the first program of every library is run below', () => {
  const names = libraries.map(({ manifest }) => manifest.name);
  const withServer = PRINTED_WITH_SERVER.map(({ name }) => name);
  expect([...Object.keys(PRINTED), ...withServer, ...WITH_OTHERS].sort()).toEqual(names.sort());
});

describe('the first program of the README', () => {
  it.each(Object.entries(PRINTED))('of %s', async (name, printed) => {
    const cwd = await installed(library(name));
    expect((await run(NODE, ['program.mjs'], { cwd })).stdout).toBe(printed);
  });

  for (const { name, printed, find, start: startServer } of PRINTED_WITH_SERVER) {
    describeWithServer(`of ${name}`, find, () => {
      it('prints what it says', async () => {
        const cwd = await installed(library(name));
        const { server, env } = await startServer();
        try {
          const { stdout } = await run(NODE, ['program.mjs'], {
            cwd,
            env: { ...strangersEnvironment(), ...env },
          });
          expect(stdout).toBe(printed);
        } finally {
          await server.stop();
        }
      });
    });
  }

  it('of @joblet/ipc and of @joblet/producer, which talk to each other', async () => {
    const cwd = await installed(library('@joblet/ipc'));
    await using server = start(NODE, ['program.mjs', './socket'], { cwd });
    await server.printed('listening');
    const producer = await installed(library('@joblet/producer'));
    const { stdout } = await run(NODE, ['program.mjs', join(cwd, 'socket')], { cwd: producer });
    expect(stdout).toBe('0 rows were not sent\n');
    await server.printed('closed');
    expect(await server.stop()).toBe('listening\nopened\none\ntwo\n0.5 cores\nclosed\n');
  });

  it('of @joblet/service', async () => {
    const cwd = await installed(library('@joblet/service'));
    await using service = start(NODE, ['program.mjs'], { cwd });
    await service.printed('ready');
    expect(await service.stop()).toContain('stopped');
  });
});

it('persist and rnx do the main job, and @joblet/client sees it', async () => {
  await using folder = await createEmptyFolder(registry);
  const cwd = folder.path;
  const names = apps.map(({ manifest }) => manifest.name);
  await npmInstall(cwd, names);
  const data = join(cwd, 'data');
  const monitoring = 'monitoring: { prometheus: "", health: "" }';
  await writeFile(
    join(cwd, 'joblet-config.yml'),
    `persist: { storage: { base_dir: ${data} }, ${monitoring} }\n`,
  );

  await using persist = start('node_modules/.bin/joblet-persist', ['--config', 'joblet-config.yml'], { cwd });
  await persist.printed('persist is ready');
  const rnx = (...args: string[]) =>
    run('node_modules/.bin/rnx', ['--config', 'joblet-config.yml', ...args], { cwd });
  expect(await rnx('job', 'run', '--id', 'x', '--', 'echo', 'hello')).toEqual({
    stdout: 'hello\n',
    stderr: 'job x\n',
  });
  expect(await rnx('job', 'log', 'x')).toEqual({ stdout: 'hello\n', stderr: '' });

  await rnx('job', 'run', '--id', 'nightly-backup-1', '--', 'printf', 'one\\ntwo\\nthree\\n');
  const client = library('@joblet/client');
  const { program } = readUsage(client.folder);
  const socket = '/opt/joblet/run/persist-grpc.sock';
  expect(program).toContain(socket);
  const clientFolder = await installed(client);
  await writeFile(
    join(clientFolder, 'program.mjs'),
    program.replace(socket, join(data, 'run/persist-grpc.sock')),
  );
  const { stdout } = await run(NODE, ['program.mjs'], { cwd: clientFolder });
  expect(stdout).toMatch(/^\d{19}n two\n\d{19}n three\nknown gaps: 0\n$/);

  await persist.stop();
});

it('their types are whole, without skipLibCheck', async () => {
  await using folder = await createEmptyFolder(registry);
  const cwd = folder.path;
  const usages = libraries.map((workspace) => ({ ...workspace, ...readUsage(workspace.folder) }));
  await npmInstall(cwd, ['@types/node@20', ...new Set(usages.flatMap(({ install }) => install))]);
  for (const { manifest, program } of usages) {
    await writeFile(join(cwd, `${manifest.name.replace('/', '-')}.mts`), program);
  }
  const options = { module: 'nodenext', target: 'es2022', types: ['node'], strict: true, noEmit: true };
  const compilerOptions = { ...options, skipLibCheck: false };
  await writeFile(join(cwd, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
  await run(NODE, [join(ROOT, 'node_modules/typescript/bin/tsc'), '--pretty', 'false'], { cwd });
});
