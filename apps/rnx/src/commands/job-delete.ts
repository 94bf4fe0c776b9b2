import type { JobInfo, PersistClient } from '@joblet/client';
import type { Command } from 'commander';
import type { CliIo } from '../cli-io.js';
import { clientErrorCode } from '../client-error-code.js';
import { formatBytes, plural } from '../format.js';
import { addGlobalOptions } from '../global-options.js';
import { jsonText } from '../json-text.js';
import { jobValue } from '../option-values.js';
import { runQuery } from '../query-command.js';
import { resolveJob } from '../resolve-job.js';
import { jsonJob } from './json-job.js';

const EXAMPLES = `
Deletes at once and for good, without asking. A job that still writes starts anew with its next row.

Examples:
  rnx job delete nightly
  rnx job delete nightly --json`;

export function addJobDelete(job: Command, io: CliIo): void {
  const command = job
    .command('delete')
    .summary('delete what is stored of a job')
    .description('Deletes all that is stored of a job, and says what that was.')
    .argument('<job>', 'id of the job, or the beginning of it if no other begins so', jobValue)
    .addHelpText('after', EXAMPLES)
    .action((name: string) =>
      runQuery(command, io, async ({ client, out, json, signal }) => {
        const jobId = await resolveJob(client, name, signal);
        const info = await infoIfKnown(client, jobId, signal);
        await client.deleteJob(jobId, { signal });
        if (json)
          await out.write(`${jsonText({ ...jsonJob({ jobId, info, state: undefined }), deleted: true })}\n`);
        else await out.write(`deleted ${jobId}${info ? `: ${summary(info)}` : ''}\n`);
      }),
    );
  addGlobalOptions(command, ['json', 'config', 'socket', 'node', 'rnxConfig', 'color']);
}

/** Joblet's own persist does not tell what it has of a job. */
async function infoIfKnown(
  client: PersistClient,
  jobId: string,
  signal: AbortSignal,
): Promise<JobInfo | undefined> {
  try {
    return await client.getJobInfo(jobId, { signal });
  } catch (error) {
    if (clientErrorCode(error) === 'UNIMPLEMENTED') return undefined;
    throw error;
  }
}

function summary({ logs, metrics, sizeBytes }: JobInfo): string {
  return `${plural(logs.rows, 'line')}, ${plural(metrics.rows, 'sample')}, ${formatBytes(sizeBytes)} on disk`;
}
