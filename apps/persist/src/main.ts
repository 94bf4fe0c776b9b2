import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { effectiveConfig, loadConfig } from '@joblet/config';
import { runProgram } from '@joblet/service';
import { DESCRIPTION, HELP } from './help.js';
import { startPersist } from './persist.js';

// Buffers count as heap, and beside those of a flood the heap itself is small: V8 would collect it for each 30 MiB that arrive,
// which takes more of the processor than anything else that persist does. docs/benchmarks.md has the figures.
setFlagsFromString('--heap-growing-percent=100');

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

await runProgram({
  name: 'persist',
  version,
  description: DESCRIPTION,
  help: HELP,
  load: (file) => loadConfig({ file, program: 'persist' }),
  print: ({ config }) => effectiveConfig(config),
  start: ({ loaded: { config, folder }, logger, stop }) => startPersist({ config, folder, logger, stop }),
  commands: {
    verify: async (argv) => (await import('./offline/verify.js')).runVerify(argv, process),
    inspect: async (argv) => (await import('./offline/inspect.js')).runInspect(argv, process),
  },
});
