// How long a Ping takes while lines come in: the daemon pings with a deadline of 2 s before every job. Producer and
// pings are the Go client of tools/foreign-clients, on the same machine. Limit: Ping on an idle persist, same run.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';

const LINES_PER_SECOND = 50_000;
const SECONDS = 20;
const JOBS = 8;

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'joblet-ping-'));
const run = promisify(execFile);
const client = join(folder, 'client');
execFileSync('go', ['build', '-o', client, '.'], { cwd: join(root, 'tools/foreign-clients/go') });
writeFileSync(
  join(folder, 'log'),
  gunzipSync(readFileSync(join(root, 'examples/data/apache-access.log.gz'))),
);
const config = {
  persist: { storage: { base_dir: join(folder, 'data') }, monitoring: { prometheus: '', health: '' } },
};
writeFileSync(join(folder, 'config.yml'), JSON.stringify(config));

const persist = spawn(process.execPath, [
  join(root, 'apps/persist/bin/persist.js'),
  '--config',
  join(folder, 'config.yml'),
]);
for await (const chunk of persist.stdout) if (String(chunk).includes('persist is ready')) break;
persist.stdout.resume();

const socket = (name) => join(folder, `data/run/persist-${name}.sock`);
const ping = async (count) =>
  JSON.parse(
    (await run(client, ['ping', '-socket', socket('grpc'), '-count', String(count), '-interval', '20ms']))
      .stdout,
  );
try {
  const idle = await ping(200);
  const sizes = [
    '-log',
    join(folder, 'log'),
    '-jobs',
    String(JOBS),
    '-lines',
    String(LINES_PER_SECOND * SECONDS),
  ];
  const produced = run(client, [
    'produce',
    '-socket',
    socket('ipc'),
    ...sizes,
    '-rate',
    String(LINES_PER_SECOND),
  ]);
  const loaded = await ping((SECONDS * 1_000) / 25);
  const { linesPerSecond } = JSON.parse((await produced).stdout);
  const print = (name, value, limit, unit) =>
    process.stdout.write(
      `${JSON.stringify({ name, value, unit, limit, ratio: Number((value / limit).toFixed(1)) })}\n`,
    );
  print('lines sent', Math.round(linesPerSecond), LINES_PER_SECOND, 'lines/s');
  print('ping p50 under load', loaded.p50, idle.p50, 'ms');
  print('ping p99 under load', loaded.p99, idle.p99, 'ms');
  print('ping max under load', loaded.max, idle.max, 'ms');
} finally {
  persist.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
