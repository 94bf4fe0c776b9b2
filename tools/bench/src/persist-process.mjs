// A persist on a data directory of its own, and the Go client of tools/foreign-clients to load it with.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const FILES = ['apache-access', 'auth', 'kafka-broker', 'nginx-plus-json'];

/** The lines of examples/data, 294 bytes in the mean. */
export const input = Buffer.concat(
  FILES.map((name) => gunzipSync(readFileSync(join(root, `examples/data/${name}.log.gz`)))),
);

/** Runs `work` beside a fresh persist; `client(command, …)` resolves to what the Go client prints. */
export async function withPersist(work) {
  const folder = mkdtempSync(join(tmpdir(), 'joblet-bench-'));
  const binary = join(folder, 'client');
  execFileSync('go', ['build', '-o', binary, '.'], { cwd: join(root, 'tools/foreign-clients/go') });
  const log = join(folder, 'log');
  writeFileSync(log, input);
  const config = { persist: { storage: { base_dir: folder }, monitoring: { prometheus: '', health: '' } } };
  writeFileSync(join(folder, 'config.yml'), JSON.stringify(config));
  const persist = spawn(process.execPath, [
    join(root, 'apps/persist/bin/persist.js'),
    '--config',
    join(folder, 'config.yml'),
  ]);
  let output = '';
  for await (const chunk of persist.stdout.iterator({ destroyOnReturn: false })) {
    if ((output += chunk).includes('persist is ready')) break;
  }
  persist.stdout.resume();
  const socketOf = (command) => join(folder, `run/persist-${command === 'produce' ? 'ipc' : 'grpc'}.sock`);
  const client = async (command, ...args) => {
    const { stdout } = await promisify(execFile)(binary, [command, '-socket', socketOf(command), ...args]);
    return JSON.parse(stdout.split('\n')[0]);
  };
  try {
    return await work(client, ['-log', log]);
  } finally {
    persist.kill('SIGKILL');
    await once(persist, 'exit');
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One JSON line for each figure: what it is, and how far from the limit measured in the same run. */
export function print(name, value, unit, limit) {
  const ratio = Number((value / limit).toFixed(2));
  const round = (number) => (number > 1_000 ? Math.round(number) : Number(number.toFixed(2)));
  process.stdout.write(
    `${JSON.stringify({ name, value: round(value), unit, limit: round(limit), ratio })}\n`,
  );
}
