import { execFile } from 'node:child_process';
import { delimiter, dirname } from 'node:path';
import { promisify } from 'node:util';

/** What a child process of a test must not inherit: jest's options, a configuration of the user's, the npm run that started it. */
const OURS =
  /^(NODE_OPTIONS|NODE_PATH|INIT_CWD|JOBLET_|NX_|npm_(package|lifecycle|config_local_prefix|config_workspace))/;

/** The environment of a stranger's shell: `node` and `npm` are those that come with `nodePath`, if it is given. */
export function strangersEnvironment(nodePath = process.execPath): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !OURS.test(name));
  const environment = Object.fromEntries(inherited);
  return { ...environment, PATH: `${dirname(nodePath)}${delimiter}${process.env.PATH}` };
}

/** Ample for an npm install on a busy machine; below the time limit of a test, so that nothing is left running. */
const RUN_TIMEOUT_MS = 150_000;

export interface RunOptions {
  cwd: string;
  env?: NodeJS.ProcessEnv;
}

/** Runs a program to its end; rejects with all that it printed when it fails. */
export async function run(
  program: string,
  args: readonly string[],
  { cwd, env = strangersEnvironment() }: RunOptions,
): Promise<{ stdout: string; stderr: string }> {
  const outcome = await promisify(execFile)(program, [...args], {
    cwd,
    env,
    timeout: RUN_TIMEOUT_MS,
    maxBuffer: 2 ** 28,
  }).catch((error: Error & { stdout?: string; stderr?: string }) => error);
  if (!(outcome instanceof Error)) return outcome;
  const printed = [outcome.stdout, outcome.stderr].filter(Boolean).join('\n');
  throw new Error(`${[program, ...args].join(' ')} failed: ${printed || outcome.message}`, {
    cause: outcome,
  });
}
