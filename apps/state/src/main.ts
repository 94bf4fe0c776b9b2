import { readFileSync } from 'node:fs';
import { ConfigError, effectiveConfig, EXIT_CONFIG, loadConfig, type LoadedConfig } from '@joblet/config';
import { createLogger, messageOf, runUntilSignal, toError, type ServiceLogger } from '@joblet/service';
import { CommanderError } from 'commander';
import { EXIT_FAILED, EXIT_USAGE, parseArguments, type Arguments } from './cli.js';
import { DRAIN_DEADLINE_MS } from './limits.js';
import { startState } from './state.js';
import { StartError } from './start-error.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** Undefined when there is nothing more to do: `process.exitCode` is set. */
function readArguments(): Arguments | undefined {
  try {
    return parseArguments(process.argv.slice(2), version);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = EXIT_USAGE;
    return undefined;
  }
}

/** Undefined when the configuration is wrong, or asks for what is not built: told on stderr. */
async function readConfig(file: string | undefined): Promise<LoadedConfig | undefined> {
  try {
    return await loadConfig({ file, program: 'state' });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const { message } of error.warnings) process.stderr.write(`${message}\n`);
    process.stderr.write(`${error.message}\n`);
    process.exitCode = EXIT_CONFIG;
    return undefined;
  }
}

/** Undefined when the log cannot be written: told on stderr. */
function openLog(logging: LoadedConfig['config']['logging']): ServiceLogger | undefined {
  try {
    return createLogger({ name: 'state', ...logging });
  } catch (error) {
    process.stderr.write(`state cannot start: ${messageOf(error)}\n`);
    process.exitCode = EXIT_FAILED;
    return undefined;
  }
}

async function run(
  { config, folder, warnings, notes }: LoadedConfig,
  named: string | undefined,
): Promise<void> {
  const log = openLog(config.logging);
  if (log === undefined) return;
  const { logger, setLevel, close } = log;
  for (const { message } of warnings) logger.warn(message);
  for (const note of notes) logger.info(note);
  const stop = new AbortController();
  const started = startState({ config, folder, logger, stop: stop.signal, env: process.env });
  runUntilSignal({
    logger,
    drain: async (enter) => {
      stop.abort(new Error('stopped while starting'));
      const state = await started.catch(() => undefined);
      await state?.drain(enter);
    },
    deadlineMs: DRAIN_DEADLINE_MS,
    onHangup: async () => {
      const { level } = (await loadConfig({ file: named })).config.logging;
      setLevel(level);
      logger.info(`the log level is ${level}`);
    },
    beforeExit: close,
  });
  try {
    await started;
  } catch (error) {
    if (stop.signal.aborted) return;
    logger.debug({ err: toError(error) }, 'state cannot start');
    logger.fatal(`state cannot start: ${messageOf(error)}`);
    close();
    process.exit(error instanceof StartError ? error.exitCode : EXIT_FAILED);
  }
}

/** Nobody may be left to tell, or there is no room: it must not end in a stack trace. */
process.stdout.on('error', (error) => {
  process.stderr.write(`state: cannot print: ${error.message}\n`);
  process.exitCode = EXIT_FAILED;
});

/** Commands that start no service; each resolves to its exit code. */
async function runCommand(name: string, argv: readonly string[]): Promise<number | undefined> {
  if (name === 'migrate')
    return (await import('./offline/migrate.js')).runMigrate(argv, process, process.env);
  if (name === 'export')
    return (await import('./offline/export-jobs.js')).runExport(argv, process, process.env);
  if (name === 'import')
    return (await import('./offline/import-jobs.js')).runImport(argv, process, process.env);
  return undefined;
}

const exitCode = await runCommand(process.argv[2], process.argv.slice(3));
if (exitCode !== undefined) process.exitCode = exitCode;
const args = exitCode === undefined ? readArguments() : undefined;
const loaded = args && (await readConfig(args.config));
if (loaded && args.checkConfig) {
  for (const { message } of loaded.warnings) process.stderr.write(`${message}\n`);
  for (const note of loaded.notes) process.stderr.write(`${note}\n`);
  process.stdout.write(effectiveConfig(loaded.config));
} else if (loaded) {
  await run(loaded, args.config);
}
