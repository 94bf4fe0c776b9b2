import { newJob, StateStoreError } from '@joblet/state-store';
import { allJobs, countJobs } from './all-jobs.js';
import { LeftJobs } from './left-jobs.js';
import { offlineCommand, runOffline } from './offline-command.js';
import { openOfflineStore } from './offline-store.js';
import { BATCH, putJobs } from './put-jobs.js';
import { print, Progress, type Terminal } from './terminal.js';

interface Options {
  readonly config?: string;
  readonly from: string;
  readonly to: string;
}

/** `state migrate`; resolves to the exit code. */
export function runMigrate(
  argv: readonly string[],
  terminal: Terminal,
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const command = offlineCommand('migrate', 'Copies all jobs from one store into another.')
    .requiredOption('--from <store>', 'where they are')
    .requiredOption('--to <store>', 'where they are put');
  return runOffline(command, argv, terminal, async () => {
    const { from, to, config } = command.opts<Options>();
    if (from === to) throw new StateStoreError('INVALID_ARGUMENT', `--from and --to are both ${from}`);
    await using source = await openOfflineStore({ name: from, config, terminal, env });
    await using target = await openOfflineStore({ name: to, config, terminal, env });
    const { stdout, stderr } = terminal;
    const progress = new Progress(stderr, stderr.isTTY ? await countJobs(source.medium) : undefined);
    const left = new LeftJobs(stderr, progress);
    let [put, unchanged] = [0, 0];
    for await (const jobs of allJobs(source.medium)) {
      for (let from = 0; from < jobs.length; from += BATCH) {
        const batch = jobs.slice(from, from + BATCH).map(({ json }) => newJob(json));
        const counts = await putJobs(target, batch, (uuid, reason) => left.tell(uuid, reason));
        put += counts.put;
        unchanged += counts.unchanged;
        progress.show(put + unchanged + left.count);
      }
    }
    progress.clear();
    await print(stdout, `${put} jobs put, ${unchanged} were there, ${left.count} are not there\n`);
    return await left.end();
  });
}
