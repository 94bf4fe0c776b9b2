import { spawnSync } from 'node:child_process';

/** One letter: T is stopped, Z has ended and nobody has asked how. Undefined: there is none. */
export function stateOf(pid: number): string | undefined {
  return spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout[0];
}

export function isAlive(pid: number): boolean {
  return ![undefined, 'Z'].includes(stateOf(pid));
}

/** Whether the process and what it has forked stand still. */
export function isStopped(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid), '--ppid', String(pid)], {
    encoding: 'utf8',
  });
  return stdout
    .trim()
    .split('\n')
    .every((state) => /^[TZ]/.test(state));
}
