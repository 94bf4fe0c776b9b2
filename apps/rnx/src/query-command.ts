import type { PersistClient } from '@joblet/client';
import type { Command } from 'commander';
import type { CliIo } from './cli-io.js';
import { CommandError } from './command-error.js';
import { ExitCode } from './exit-codes.js';
import { messageOf } from './failure.js';
import { globalOptions } from './global-options.js';
import { openPersist } from './open-persist.js';
import { openStates, type States } from './open-states.js';
import { Output } from './output.js';
import { styleOf, type Style } from './style.js';

/** What a command that asks the service works with. */
export interface QueryContext {
  readonly client: PersistClient;
  readonly states: States;
  readonly out: Output;
  readonly style: Style;
  readonly json: boolean;
  /** Aborted when the user interrupts, or when nobody reads the output any more. */
  readonly signal: AbortSignal;
  /** A line on stderr for a person. */
  note(line: string): void;
}

/** Runs `work` with a client that is closed afterwards, whatever happens. `isStateNeeded`: `work` tells when it is not there. */
export async function runQuery(
  command: Command,
  io: CliIo,
  work: (context: QueryContext) => Promise<void>,
  { isStateNeeded = false } = {},
): Promise<void> {
  const options = globalOptions(command);
  const abort = new AbortController();
  const { signal } = abort;
  const release = io.onSignals(['SIGINT'], () => abort.abort(new CommandError(ExitCode.INTERRUPTED, '')));
  try {
    const out = new Output(io.stdout, abort);
    const style = styleOf(io.stdout, options.color, io.env);
    const note = (line: string): void => void io.stderr.write(`rnx: ${line}\n`);
    const client = await openPersist(options, io);
    const states = openStates(options, io, (error) => {
      if (!isStateNeeded) note(`only what persist has is shown: ${messageOf(error)}`);
    });
    try {
      await work({ client, states, out, style, json: options.json, signal, note });
    } finally {
      client.close();
      await states.close();
      // Rejects with the reason of an abort: it is the cause of what failed in `work`.
      await out.end();
    }
  } finally {
    release();
  }
}
