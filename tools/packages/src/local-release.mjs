// npm run release:local: a release to the end, to nobody. Publishes every package, as it is built now, to a registry of
// its own (verdaccio), and runs the tests of installed packages against that. Leaves nothing.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const START_DEADLINE_MS = 60_000;
const root = fileURLToPath(new URL('../../../', import.meta.url));
const verdaccioFolder = join(root, 'tools/release/verdaccio');
const verdaccio = join(verdaccioFolder, 'node_modules/verdaccio/bin/verdaccio');

if (!existsSync(verdaccio)) run('npm', ['ci', '--prefix', verdaccioFolder, '--no-audit', '--no-fund']);

const folder = mkdtempSync(join(tmpdir(), 'joblet-release-'));
const host = `127.0.0.1:${await freePort()}`;
const url = `http://${host}/`;
writeFileSync(
  join(folder, 'config.yaml'),
  `storage: ${folder}/storage
packages:
  '@joblet/*': { access: $all, publish: $all }
log: { type: stdout, format: pretty, level: warn }
`,
);
// npm publishes only with a token; this registry takes any.
writeFileSync(join(folder, '.npmrc'), `//${host}/:_authToken=nobody\n`);

const config = ['--config', join(folder, 'config.yaml')];
const registry = spawn(process.execPath, [verdaccio, ...config, '--listen', host], { stdio: 'inherit' });
try {
  await answers(new URL('-/ping', url));
  const userconfig = { npm_config_userconfig: join(folder, '.npmrc') };
  run('npx', ['nx', 'release', 'publish', '--first-release', '--registry', url], userconfig);
  run('npx', ['jest', '--config', 'tools/packages/jest.config.mjs', 'installed'], {
    JOBLET_REGISTRY: url,
    NODE_OPTIONS: '--experimental-vm-modules --no-warnings',
  });
  process.stdout.write('released to a local registry, installed from there, and used\n');
} finally {
  if (registry.exitCode === null) {
    registry.kill();
    await once(registry, 'close');
  }
  rmSync(folder, { recursive: true });
}

function run(program, args, env = {}) {
  process.stdout.write(`\n== ${[program, ...args].join(' ')}\n`);
  const { status } = spawnSync(program, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error(`${program} ${args[0]} failed with ${status}`);
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

async function answers(address) {
  const deadline = Date.now() + START_DEADLINE_MS;
  for (;;) {
    const response = await fetch(address).catch(() => undefined);
    if (response?.ok) return;
    if (registry.exitCode !== null) throw new Error(`verdaccio ended with ${registry.exitCode}`);
    if (Date.now() > deadline) throw new Error(`verdaccio does not answer at ${address}`);
    await delay(100);
  }
}
