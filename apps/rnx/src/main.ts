import { runCli } from './cli.js';
import type { CliIo } from './cli-io.js';
import { ExitCode } from './exit-codes.js';
import { homeDirectory, workingDirectory } from './places.js';

const io: CliIo = {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: workingDirectory(),
  homeDir: homeDirectory(),
  now: () => BigInt(Date.now()) * 1_000_000n,
  abandonOutput: () => process.exit(ExitCode.INTERRUPTED),
  onSignals(signals, listener) {
    for (const signal of signals) process.on(signal, listener);
    return () => {
      for (const signal of signals) process.off(signal, listener);
    };
  },
};

// Who writes rows sees errors itself. For help and messages nobody is left to tell, and they must not end us.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

process.exitCode = await runCli(process.argv.slice(2), io);
