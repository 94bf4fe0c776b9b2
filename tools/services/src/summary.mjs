// Ends `npm test`: which foreign programs were found, and what was left out without them.
import { spawnSync } from 'node:child_process';

const PROGRAMS = [
  { name: 'go', args: ['version'], usedFor: 'a foreign producer and gRPC client against persist' },
  { name: 'strace', args: ['-V'], usedFor: 'system calls that fail under the local store' },
  {
    name: 'unshare',
    args: ['--version'],
    usedFor: 'a full disk, a read-only one, two containers on one directory',
  },
  { name: 'gzip', args: ['--version'], usedFor: 'reading our files with gzip' },
  { name: 'python3', args: ['--version'], usedFor: 'reading our files with Python' },
];

for (const { name, args, usedFor } of PROGRAMS) {
  const found = spawnSync(name, args).status === 0;
  process.stdout.write(`${found ? 'with' : 'left out, not found'}: ${name} (${usedFor})\n`);
  if (!found && process.env.JOBLET_REQUIRE_SERVERS === '1') process.exitCode = 1;
}
