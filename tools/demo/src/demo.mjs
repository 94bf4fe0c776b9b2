// npm run demo: the main job on real input, step by step, as a person would do it. Ends by itself; the data stays.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PERSIST = join(ROOT, 'apps/persist/bin/persist.js');
const RNX = join(ROOT, 'apps/rnx/bin/rnx.js');
const AUTH_LOG = join(ROOT, 'examples/data/auth.log.gz');

/** Unix socket paths end at 103 bytes on macOS: a deep checkout has no room for them. */
const SOCKET_PATH_MAX = 103;

const here = join(ROOT, '.demo');
const directory =
  Buffer.byteLength(join(here, 'run/persist-grpc.sock')) <= SOCKET_PATH_MAX
    ? here
    : join(tmpdir(), 'joblet-demo');
const config = join(directory, 'joblet-config.yml');
const socket = join(directory, 'run/persist-ipc.sock');

function say(text) {
  process.stdout.write(`\n\u2014 ${text}\n`);
}

/** Prints the command as a person would type it, then its output. */
function show(typed, command, args, { lines = Infinity } = {}) {
  process.stdout.write(`$ ${typed}\n`);
  const limited = lines < Infinity;
  const result = spawnSync(command, args, {
    cwd: ROOT,
    env: { ...process.env, JOBLET_CONFIG_PATH: config },
    stdio: ['ignore', limited ? 'pipe' : 'inherit', 'inherit'],
    maxBuffer: 1 << 30,
  });
  if (limited) process.stdout.write(`${result.stdout.toString().split('\n').slice(0, lines).join('\n')}\n`);
  if (result.status !== 0) throw new Error(`${typed} ended with ${result.status ?? result.signal}`);
}

const rnx = (...args) => show(`npx rnx ${args.map(quoted).join(' ')}`, process.execPath, [RNX, ...args]);
const quoted = (word) => (/^[\w./=@:-]+$/.test(word) ? word : `'${word}'`);

async function startPersist() {
  const child = spawn(process.execPath, [PERSIST, '--config', config], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let log = '';
  for await (const chunk of child.stdout) {
    log += chunk;
    if (log.includes('persist is ready')) {
      child.stdout.resume();
      return child;
    }
  }
  throw new Error(`persist did not start:\n${log}`);
}

function showSizes(jobs) {
  const number = new Intl.NumberFormat('en');
  for (const { jobId, files } of jobs) {
    let raw = 0;
    let disk = 0;
    for (const file of files) {
      const path = join(directory, 'logs', jobId, file);
      disk += statSync(path).size;
      for (const row of gunzipSync(readFileSync(path)).toString().trimEnd().split('\n')) {
        const { text, content } = JSON.parse(row);
        raw += text === undefined ? Buffer.from(content ?? '', 'base64').length : Buffer.byteLength(text);
      }
    }
    const ratio = (raw / disk).toFixed(1);
    process.stdout.write(
      `${jobId.padEnd(10)} ${number.format(raw)} bytes raw, ${number.format(disk)} on disk, ${ratio} : 1\n`,
    );
  }
}

async function main() {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const settings = [
    'persist:',
    '  storage:',
    `    base_dir: ${JSON.stringify(directory)}`,
    '  monitoring: { prometheus: "", health: "" }',
    '',
  ];
  writeFileSync(config, settings.join('\n'));

  say(`persist starts on ${directory}`);
  process.stdout.write(`$ npx persist --config ${relative(ROOT, config)}\n`);
  const persist = await startPersist();
  try {
    say('a real job runs: its output is passed through, and kept');
    rnx('job', 'run', '--id', 'access-log', '--', 'node', 'tools/demo/src/workload.mjs');

    say('a real log file is replayed through the same socket as a second job');
    const replay = fileURLToPath(new URL('./replay.mjs', import.meta.url));
    show('node tools/demo/src/replay.mjs SOCKET examples/data/auth.log.gz auth', process.execPath, [
      replay,
      socket,
      AUTH_LOG,
      'auth',
    ]);

    say('what is there');
    rnx('job', 'list');
    say('the end of the output, both streams in order (an id may be cut short)');
    rnx('job', 'log', 'access', '--tail=8', '--timestamps');
    say('only lines with a text, only one stream');
    rnx('job', 'log', 'auth', '--filter=Accepted publickey', '--tail=3');
    rnx('job', 'log', 'access-log', '--stream=stderr', '--filter=GET');
    say('only what came in the last minute, and of that the last three rows');
    rnx('job', 'log', 'access-log', '--since=1m', '--stream=stdout', '--tail=3');
    say('what the job used');
    rnx('job', 'metrics', 'access-log');
    rnx('job', 'metrics', 'access-log', '--aggregate=max', '--step=1m');
  } finally {
    say('persist is told to stop: it stores what it has and ends');
    process.stdout.write('$ kill -TERM PERSIST\n');
    persist.kill('SIGTERM');
    const [code] = await once(persist, 'exit');
    process.stdout.write(`it ended with ${code}\n`);
  }

  say('the files need no tool of ours');
  const file = join(directory, 'logs/auth/stdout.log.gz');
  const hasGzip = spawnSync('gzip', ['--version']).status === 0;
  if (hasGzip) show(`gzip -dc ${relative(ROOT, file)} | head -3`, 'gzip', ['-dc', file], { lines: 3 });
  say('and they are small');
  showSizes([
    { jobId: 'access-log', files: ['stdout.log.gz', 'stderr.log.gz'] },
    { jobId: 'auth', files: ['stdout.log.gz'] },
  ]);

  const where = relative(ROOT, config);
  process.stdout.write(`
The data stays in ${directory}. To keep the service running and go on:
  npx persist --config ${where} &
  export JOBLET_CONFIG_PATH=${where}
  npx rnx job run -- npm --version
  npx rnx job list
`);
}

await main();
