import { spawnSync } from 'node:child_process';

/** One letter: T is stopped, Z has ended and nobody has asked how. Undefined: there is none. */
export function stateOf(pid: number): string | undefined {
  return spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout[0];
}

export function isAlive(pid: number): boolean {
  return ![undefined, 'Z'].includes(stateOf(pid));
}
