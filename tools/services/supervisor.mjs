// The parent of one server, in a session of its own: starts it, signals it, and when whoever asked for it is gone, however
// that came about, kills it and removes its folder. Its one argument: what the folder's name starts with.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const folder = mkdtempSync(process.argv[2]);
const log = openSync(join(folder, 'server.log'), 'a');
let server;

process.on('message', ({ start, signal }) => {
  if (start) startServer(start);
  else signalServer(signal);
});
process.on('disconnect', () => void leave());
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void leave());
tell({ folder });

function startServer({ command, args, env, owner }) {
  server = spawn(command, args, { cwd: folder, env, stdio: ['ignore', log, log], ...owner });
  server.once('spawn', () => tell({ pid: server.pid }));
  server.once('error', (error) => {
    server = undefined;
    tell({ failed: error.message });
  });
  server.once('exit', (code, signal) => {
    server = undefined;
    tell({ ended: signal ?? `exit code ${code}` });
  });
}

/** With what it has forked: a process of PostgreSQL's answers, and when it is busy outlives a kill. */
function signalServer(signal) {
  if (!server) return;
  // It forks no more while they are looked for.
  server.kill('SIGSTOP');
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  const processes = (stdout ?? '')
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const forked = processes.filter(([, parent]) => parent === server.pid);
  server.kill(signal);
  for (const [pid] of forked) signalIfThere(pid, signal);
}

function signalIfThere(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

async function leave() {
  if (server) {
    const exited = once(server, 'exit');
    signalServer('SIGKILL');
    await exited;
  }
  // What the server forked may still write for a moment.
  rmSync(folder, { recursive: true, force: true, maxRetries: 50, retryDelay: 20 });
  process.exit();
}

/** Nobody may be there any more: then `disconnect` comes next. */
function tell(message) {
  if (process.connected) process.send(message, () => {});
}
