import { createInterface } from 'node:readline';
import { messageOf } from '@joblet/service';
import { newJob, type NewJob } from '@joblet/state-store';
import { LeftJobs } from './left-jobs.js';
import { offlineCommand, runOffline } from './offline-command.js';
import { openOfflineStore } from './offline-store.js';
import { BATCH, putJobs } from './put-jobs.js';
import { print, Progress, type Terminal } from './terminal.js';

interface Options {
  readonly config?: string;
  readonly to?: string;
}

/** `state import`; resolves to the exit code. */
export function runImport(
  argv: readonly string[],
  terminal: Terminal,
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const command = offlineCommand(
    'import',
    'Reads jobs from stdin, one JSON document on each line, as export writes them.',
  ).option('--to <store>', 'where they are put; default: state.backend');
  return runOffline(command, argv, terminal, async () => {
    const { to, config } = command.opts<Options>();
    await using target = await openOfflineStore({ name: to, config, terminal, env });
    const progress = new Progress(terminal.stderr, undefined);
    const left = new LeftJobs(terminal.stderr, progress);
    let [put, unchanged, number] = [0, 0, 0];
    let batch = new Map<string, NewJob>();
    const putBatch = async (): Promise<void> => {
      const counts = await putJobs(target, [...batch.values()], (uuid, reason) => left.tell(uuid, reason));
      put += counts.put;
      unchanged += counts.unchanged;
      batch = new Map();
      progress.show(put + unchanged + left.count);
    };
    for await (const line of createInterface({ input: terminal.stdin, crlfDelay: Infinity })) {
      number++;
      if (line.trim() === '') continue;
      try {
        const job = newJob(line);
        // One by one, as they come, when a job is there twice.
        if (batch.has(job.uuid) || batch.size === BATCH) await putBatch();
        batch.set(job.uuid, job);
      } catch (error) {
        await left.tell(`line ${number}`, messageOf(error));
      }
    }
    await putBatch();
    progress.clear();
    await print(terminal.stdout, `${put} jobs put, ${unchanged} were there, ${left.count} are not there\n`);
    return await left.end();
  });
}
