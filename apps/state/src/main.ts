import { readFileSync } from 'node:fs';
import { effectiveConfig, loadConfig } from '@joblet/config';
import { runProgram } from '@joblet/service';
import { DESCRIPTION, HELP } from './help.js';
import { startState } from './state.js';

const { env } = process;

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

await runProgram({
  name: 'state',
  version,
  description: DESCRIPTION,
  help: HELP,
  load: (file) => loadConfig({ file, program: 'state' }),
  print: ({ config }) => effectiveConfig(config),
  start: ({ loaded: { config, folder }, logger, stop }) => startState({ config, folder, logger, stop, env }),
  commands: {
    migrate: async (argv) => (await import('./offline/migrate.js')).runMigrate(argv, process, env),
    export: async (argv) => (await import('./offline/export-jobs.js')).runExport(argv, process, env),
    import: async (argv) => (await import('./offline/import-jobs.js')).runImport(argv, process, env),
  },
});
