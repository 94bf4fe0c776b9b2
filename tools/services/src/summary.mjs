// Ends `npm test`: which foreign programs were found, what was left out without them, and how they are installed.
import { spawnSync } from 'node:child_process';
import { findDynamoDbLocal, findOpenssl, findPostgres, findRedis } from '../dist/index.js';

const PROGRAMS = [
  { name: 'go', find: runs('go', 'version'), usedFor: 'a foreign producer and gRPC client against persist' },
  { name: 'strace', find: runs('strace', '-V'), usedFor: 'system calls that fail under the local stores' },
  {
    name: 'unshare',
    find: runs('unshare', '--version'),
    installed: "by the system's package util-linux",
    usedFor: 'a full disk, a read-only one, two containers on one directory',
  },
  {
    name: 'gzip',
    find: runs('gzip', '--version'),
    installed: "by the system's package gzip",
    usedFor: 'reading our files with gzip',
  },
  { name: 'python3', find: runs('python3', '--version'), usedFor: 'reading our files with Python' },
  { name: 'Redis', find: findRedis, usedFor: 'states in Redis' },
  { name: 'PostgreSQL', find: findPostgres, usedFor: 'states in PostgreSQL' },
  { name: 'DynamoDB Local', find: findDynamoDbLocal, usedFor: 'states in DynamoDB' },
  { name: 'openssl', find: findOpenssl, usedFor: 'servers with TLS' },
];

for (const { name, find, usedFor, installed = 'by npm run services:install' } of PROGRAMS) {
  const found = find() !== undefined;
  const line = found
    ? `with: ${name} (${usedFor})`
    : `left out: ${usedFor}: no ${name}; installed ${installed}`;
  process.stdout.write(`${line}\n`);
  if (!found && process.env.JOBLET_REQUIRE_SERVERS === '1') process.exitCode = 1;
}

function runs(program, ...args) {
  return () => (spawnSync(program, args).status === 0 ? program : undefined);
}
