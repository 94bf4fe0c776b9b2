import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { strangersEnvironment } from './testing/run.js';

export interface Shell extends AsyncDisposable {
  /** All that the commands printed; rejects when they fail or do not end in time. */
  run(commands: string, mayFail?: boolean): Promise<string>;
}

/** Ample for an npm install. */
const COMMAND_TIMEOUT_MS = 120_000;

/** One shell for a whole page, as its reader has one terminal: variables, the folder and background processes stay. */
export function openShell(cwd: string): Shell {
  // A process group of its own: what is left in the background at the end goes with it.
  const child = spawn('sh', [], { cwd, env: strangersEnvironment(), stdio: 'pipe', detached: true });
  const closed = once(child, 'close');
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));

  async function printed(mark: RegExp, commands: string): Promise<string> {
    const signal = AbortSignal.timeout(COMMAND_TIMEOUT_MS);
    for (;;) {
      const end = mark.exec(output);
      if (end) return output.slice(0, end.index);
      const more = Promise.race([once(child.stdout, 'data', { signal }), closed.then(() => 'closed')]);
      const event = await more.catch(() => 'late');
      if (event === 'closed' || event === 'late') {
        throw new Error(
          `${commands}\n${event === 'late' ? 'does not end' : 'failed'}; it printed:\n${output}`,
        );
      }
    }
  }

  return {
    async run(commands, mayFail = false) {
      const mark = randomUUID();
      output = '';
      // Both streams are one here, so that what a command printed is in order.
      child.stdin.write(`exec 2>&1; set ${mayFail ? '+e' : '-e'}\n${commands}\nprintf '%s\\n' ${mark}\n`);
      return printed(new RegExp(`${mark}\n`), commands);
    },
    async [Symbol.asyncDispose]() {
      endGroup(child.pid);
      await closed;
    },
  };
}

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended, and all that it had started.
  }
}
