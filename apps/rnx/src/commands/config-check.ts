import type * as library from '@joblet/config';
import type { CheckedConfig, ConfigProblem } from '@joblet/config';
import type { Command } from 'commander';
import type { CliIo } from '../cli-io.js';
import { ExitCode } from '../exit-codes.js';
import { addGlobalOptions, globalOptions } from '../global-options.js';
import { Output } from '../output.js';

const EXAMPLES = `
Checks the whole file, whichever service a section is for. Errors, warnings and notes go to stderr, a line for each with
file, line and column; secrets are never shown. What persist is told to do and cannot do yet is an error, for persist
does not start with it; the same for other programs is only told ("not built yet").

Examples:
  rnx config check
  rnx config check --config ./joblet-config.yml
  rnx config check --effective > all-keys.yml     every key with its value, secrets masked
  rnx config check --json | jq -r '.errors[].message'

Exit codes: 0 no errors, 1 errors.`;

export function addConfigCheck(config: Command, io: CliIo, setExitCode: (code: number) => void): void {
  const command = config
    .command('check')
    .summary('is joblet-config.yml right?')
    .description('Finds the configuration as the services do and says everything that is wrong with it.')
    .option('--effective', 'print the configuration with every default, secrets masked')
    .addHelpText('after', EXAMPLES)
    .action(async (options: { readonly effective?: boolean }) => {
      setExitCode(await configCheck(command, io, options.effective === true));
    });
  addGlobalOptions(command, ['config', 'json']);
}

async function configCheck(command: Command, io: CliIo, showEffective: boolean): Promise<number> {
  const { config: file, json } = globalOptions(command);
  const loaded = await import('@joblet/config');
  const checked = await check(loaded, file, io);
  const { config, problems } = checked;
  const out = new Output(io.stdout, new AbortController());
  if (json) {
    const effective = config && showEffective ? loaded.effectiveValues(config) : undefined;
    await out.write(`${JSON.stringify({ ...jsonReport(loaded, checked), effective })}\n`);
  } else {
    for (const line of findings(loaded, checked)) io.stderr.write(`${line}\n`);
    if (config) await out.write(showEffective ? loaded.effectiveConfig(config) : `${summary(checked)}\n`);
    else io.stderr.write(`rnx: ${summary(checked)}\n`);
  }
  await out.end();
  return problems.length === 0 ? ExitCode.OK : ExitCode.FAILED;
}

/** Loaded when it is used: most commands are quicker without. */
type Library = typeof library;

/** A file that cannot be read, or is no YAML, has problems like any other. */
async function check(
  { checkConfig, ConfigError }: Library,
  file: string | undefined,
  { env, cwd, homeDir }: CliIo,
): Promise<CheckedConfig> {
  try {
    return await checkConfig({ file, env, cwd, homeDir, program: 'persist' });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { problems, warnings } = error;
    return { file: problems[0].file, folder: cwd, sections: [], problems, warnings, notBuilt: [], notes: [] };
  }
}

function findings(
  { problemLine }: Library,
  { problems, warnings, notBuilt, notes }: CheckedConfig,
): string[] {
  return [
    ...problems.map((problem) => `error: ${problemLine(problem)}`),
    ...warnings.map(({ message }) => `warning: ${message}`),
    ...notBuilt.map((problem) => `not built yet: ${problemLine(problem)}`),
    ...notes.map((note) => `note: ${note}`),
  ];
}

function summary({ file, problems, warnings, notBuilt }: CheckedConfig): string {
  const counts = [
    problems.length === 0 ? 'no errors' : count(problems.length, 'error'),
    ...(warnings.length === 0 ? [] : [count(warnings.length, 'warning')]),
    ...(notBuilt.length === 0 ? [] : [`${notBuilt.length} not built yet`]),
  ];
  return `${file ?? 'no file, built-in defaults'}: ${counts.join(', ')}`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

function jsonReport({ problemLine }: Library, checked: CheckedConfig) {
  const { file, problems, warnings, notBuilt, notes } = checked;
  const ofProblem = ({ position, ...problem }: ConfigProblem) => ({
    ...problem,
    ...position,
    message: problemLine({ ...problem, ...(position && { position }) }),
  });
  return {
    file,
    ok: problems.length === 0,
    errors: problems.map(ofProblem),
    warnings: warnings.map(({ position, ...warning }) => ({ ...warning, ...position })),
    not_built: notBuilt.map(ofProblem),
    notes,
  };
}
