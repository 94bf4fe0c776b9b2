import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The first program of a package's README, and the command that installs what it imports. */
export interface Usage {
  program: string;
  /** The arguments of `npm install`. */
  install: string[];
}

export function readUsage(packageFolder: string): Usage {
  const readme = readFileSync(join(packageFolder, 'README.md'), 'utf8');
  const program = /```[jt]s\n(.*?)```/s.exec(readme)?.[1];
  const install = /npm (?:install|i) ([^`\n]+)/.exec(readme)?.[1];
  if (!program || !install)
    throw new Error(`${packageFolder}/README.md has no program, or no "npm install …" for it`);
  return { program, install: install.split(' ') };
}
