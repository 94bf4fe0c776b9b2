import type { Command } from 'commander';
import { givenValue, socketValue } from './option-values.js';

/** Options that commands share; each may stand before or behind the command's name. */
export interface GlobalOptions {
  readonly config: string | undefined;
  readonly rnxConfig: string | undefined;
  readonly node: string | undefined;
  readonly socket: string | undefined;
  readonly ipcSocket: string | undefined;
  readonly stateSocket: string | undefined;
  readonly json: boolean;
  readonly color: boolean;
}

const OPTIONS = {
  config: [
    '--config <file>',
    'joblet-config.yml of the services (also -config FILE); default: searched for as the services do',
    givenValue,
  ],
  socket: ['--socket <path>', "query socket of persist; default: the configuration's", socketValue],
  ipcSocket: [
    '--ipc-socket <path>',
    "socket that output is sent to; default: the configuration's",
    socketValue,
  ],
  stateSocket: [
    '--state-socket <path>',
    "socket of the state service; default: the configuration's",
    socketValue,
  ],
  node: ['--node <name>', 'ask the persist service of this node in rnx-config.yml, over TLS', givenValue],
  rnxConfig: [
    '--rnx-config <file>',
    'file with the nodes; default: $XDG_CONFIG_HOME/joblet/rnx-config.yml, then ~/.rnx/rnx-config.yml',
    givenValue,
  ],
  json: ['--json', 'one JSON document on each line', undefined],
  color: ['--no-color', 'no colours (NO_COLOR does the same)', undefined],
} as const;

export type GlobalOptionName = keyof typeof OPTIONS;

/**
 * Because `job run` passes its command's options through, commander takes options of the program only before the
 * command's name. So each command gets them once more.
 */
export function addGlobalOptions(command: Command, names: readonly GlobalOptionName[]): Command {
  command.optionsGroup('Global options:');
  for (const name of names) {
    const [flags, description, check] = OPTIONS[name];
    if (check) command.option(flags, description, check);
    else command.option(flags, description);
  }
  return command.helpOption('-h, --help', 'this help');
}

/** What was given at any of the places; the innermost wins. */
export function globalOptions(command: Command): GlobalOptions {
  const text = (name: GlobalOptionName): string | undefined => given(command, name)?.toString();
  return {
    config: text('config'),
    rnxConfig: text('rnxConfig'),
    node: text('node'),
    socket: text('socket'),
    ipcSocket: text('ipcSocket'),
    stateSocket: text('stateSocket'),
    json: given(command, 'json') !== undefined,
    color: given(command, 'color') === undefined,
  };
}

function given(command: Command, name: string): string | boolean | undefined {
  for (let level: Command | null = command; level !== null; level = level.parent) {
    if (level.getOptionValueSource(name) === 'cli') return level.getOptionValue(name);
  }
  return undefined;
}
