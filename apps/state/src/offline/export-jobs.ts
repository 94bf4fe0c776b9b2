import { allJobs } from './all-jobs.js';
import { offlineCommand, runOffline } from './offline-command.js';
import { openOfflineStore } from './offline-store.js';
import { print, Progress, type Terminal } from './terminal.js';

interface Options {
  readonly config?: string;
  readonly from?: string;
}

/** `state export`; resolves to the exit code. */
export function runExport(
  argv: readonly string[],
  terminal: Terminal,
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const command = offlineCommand(
    'export',
    'Writes all jobs to stdout, one JSON document on each line.',
  ).option('--from <store>', 'where they are; default: state.backend');
  return runOffline(command, argv, terminal, async () => {
    const { from, config } = command.opts<Options>();
    await using source = await openOfflineStore({ name: from, config, terminal, env });
    const progress = new Progress(terminal.stderr, undefined);
    let written = 0;
    for await (const jobs of allJobs(source.medium)) {
      for (const { json } of jobs) await print(terminal.stdout, `${json}\n`);
      progress.show((written += jobs.length));
    }
    progress.clear();
    return true;
  });
}
