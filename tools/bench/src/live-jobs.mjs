// 10,000 live jobs at one line a second: memory, handles and syncs of persist, once its memory has filled and rows
// leave it as fast as they come. Syncs are counted by strace for a while: those of the log and those of data apart.
// After `npm run build`: npm run bench:live-jobs --workspace @joblet/bench
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { cpuSeconds, print, startClient, startPersist, withFolder } from './engine.mjs';

const JOBS = 10_000;
const SECONDS = Number(process.env.BENCH_SECONDS ?? 180);
const COUNTED_SECONDS = 60;

await withFolder(async (folder) => {
  const persist = await startPersist(folder);
  const client = await startClient(persist.socketPath, { jobs: JOBS, count: JOBS * SECONDS, rate: JOBS });
  let isSending = true;
  const sent = client.send().then(() => (isSending = false));
  const most = { rss: 0, handles: 0 };
  const watch = (async () => {
    while (isSending) {
      const status = readFileSync(`/proc/${persist.pid}/status`, 'latin1');
      most.rss = Math.max(most.rss, Number(/VmRSS:\s+(\d+) kB/.exec(status)[1]) / 1_024);
      most.handles = Math.max(most.handles, readdirSync(`/proc/${persist.pid}/fd`).length);
      await delay(500);
    }
  })();
  await delay((SECONDS - COUNTED_SECONDS - 5) * 1_000);
  const cpuBefore = cpuSeconds(persist.pid);
  const counted = hasStrace() ? await countSyncs(persist.pid, join(folder, 'syncs')) : undefined;
  if (!counted) await delay(COUNTED_SECONDS * 1_000);
  const cpu = (cpuSeconds(persist.pid) - cpuBefore) / COUNTED_SECONDS;
  await Promise.all([sent, watch]);
  await persist.stop();
  print(`RSS at the most, ${JOBS} live jobs (limit: the goal)`, most.rss, 'MiB', 350);
  print(`handles at the most, ${JOBS} live jobs (limit: the goal)`, most.handles, 'handles', 256);
  print(`CPU, ${JOBS} live jobs, strace beside it`, cpu, 'cores');
  if (!counted) return;
  print(`syncs of all kinds, ${JOBS} live jobs`, counted.all, 'syncs/s');
  print(`syncs of the log, ${JOBS} live jobs`, counted.log, 'syncs/s');
  print(
    `syncs of data, runs, folders, ${JOBS} live jobs (limit: the goal)`,
    counted.all - counted.log,
    'syncs/s',
    20,
  );
});

function hasStrace() {
  return spawnSync('strace', ['-V']).status === 0;
}

async function countSyncs(pid, file) {
  const strace = spawn('strace', [
    '-f',
    '-qq',
    '-y',
    '-e',
    'trace=fdatasync,fsync',
    '-o',
    file,
    '-p',
    String(pid),
  ]);
  await delay(COUNTED_SECONDS * 1_000);
  strace.kill('SIGINT');
  await once(strace, 'exit');
  const calls = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => /f(data)?sync\(/.test(line));
  const ofLog = calls.filter((line) => /\.wal>|intent\.json>/.test(line));
  return { all: calls.length / COUNTED_SECONDS, log: ofLog.length / COUNTED_SECONDS };
}
