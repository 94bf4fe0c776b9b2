import { execFile, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const JEST = join(dirname(createRequire(import.meta.url).resolve('jest/package.json')), 'bin/jest.js');
const TIMEOUT_MS = 120_000;

const SUMMARY = fileURLToPath(new URL('./summary.mjs', import.meta.url));

/** What jest says of the fixture. */
function runFixture(required: string): Promise<{ code: number; text: string }> {
  const args = [JEST, '--testMatch', '**/testing/needs-a-server.fixture.ts', '--verbose', '--ci'];
  const env = { ...process.env, JOBLET_REQUIRE_SERVERS: required, FORCE_COLOR: '0' };
  return new Promise((resolve) => {
    const options = {
      cwd: PROJECT,
      env: { ...env, NODE_OPTIONS: '--experimental-vm-modules --no-warnings' },
    };
    const child = execFile(process.execPath, args, options, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode!, text: `${stdout}${stderr}` }),
    );
  });
}

describe('describeWithServer', () => {
  it(
    'leaves a suite out without its server, and runs the others',
    async () => {
      const { code, text } = await runFixture('');
      expect(text).toMatch(/Tests: +1 skipped, 1 passed/);
      expect(text).toContain(
        'a server that is nowhere (left out: findNothing found nothing; npm run services:install)',
      );
      expect(code).toBe(0);
    },
    TIMEOUT_MS,
  );

  it(
    'fails where servers are required',
    async () => {
      const { code, text } = await runFixture('1');
      expect(text).toContain('findNothing found nothing, and JOBLET_REQUIRE_SERVERS is 1');
      expect(text).toMatch(/Tests: +1 failed, 1 passed/);
      expect(code).toBe(1);
    },
    TIMEOUT_MS,
  );
});

describe('the summary', () => {
  const summary = (required: string) => {
    const nowhere = {
      PATH: '/nonexistent',
      XDG_CACHE_HOME: '/nonexistent',
      JOBLET_REQUIRE_SERVERS: required,
    };
    return spawnSync(process.execPath, [SUMMARY], { encoding: 'utf8', env: nowhere });
  };

  it('names what is missing, what was left out, and how it is installed', () => {
    const { status, stdout } = summary('');
    expect(stdout).toContain('left out: states in Redis: no Redis; installed by npm run services:install\n');
    expect(stdout).toContain(
      'left out: states in DynamoDB: no DynamoDB Local; installed by npm run services:install\n',
    );
    expect(stdout).toContain("no gzip; installed by the system's package gzip\n");
    expect(status).toBe(0);
  });

  it('is a failure where servers are required', () => expect(summary('1').status).toBe(1));
});
