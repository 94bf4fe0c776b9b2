import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { describeWithServer } from './jest.js';
import { firstBytes } from './probe.js';
import { findRedis } from './redis.js';
import { Server, startServer } from './server.js';
import { isAlive } from './process-state.js';
import { until } from './testing/until.js';

const LEAVES_A_SERVER = fileURLToPath(new URL('./testing/leaves-a-server.mjs', import.meta.url));
const TIMEOUT_MS = 120_000;

const ECHO = `require('node:net').createServer((s) => s.on('data', (d) => s.write(d))).listen(+process.argv[1])`;
const answers = async (port: number) => (await firstBytes(port, 'hello')).toString() === 'hello';

describe('a server', () => {
  it(
    'starts at another port when somebody has taken the first',
    async () => {
      const ports: number[] = [];
      const started = await startServer({
        name: 'echo',
        command(port) {
          ports.push(port);
          const taken = `console.error('listen EADDRINUSE: address already in use'); process.exit(1)`;
          return { command: process.execPath, args: ['-e', ports.length === 1 ? taken : ECHO, String(port)] };
        },
        answers,
      });
      await using server = new Server(started);
      expect(ports).toHaveLength(2);
      expect(server.port).toBe(ports[1]);
      expect(await server.log()).toContain('EADDRINUSE');
    },
    TIMEOUT_MS,
  );

  it(
    'rejects, and leaves no folder, when its program is missing or ends',
    async () => {
      let folder = '';
      const fail = (command: string, args: string[]) =>
        startServer({
          name: 'broken',
          prepare: async (supervised) => void (folder = supervised.folder),
          command: () => ({ command, args }),
          answers,
        });
      await expect(fail('/no/such/program', [])).rejects.toThrow('/no/such/program');
      expect(existsSync(folder)).toBe(false);
      await expect(fail(process.execPath, ['-e', 'console.log("why"); process.exit(3)'])).rejects.toThrow(
        /broken at port \d+: ended with exit code 3\nwhy/,
      );
      expect(existsSync(folder)).toBe(false);
    },
    TIMEOUT_MS,
  );
});

describeWithServer('a server whose starter is gone', findRedis, () => {
  it.each([
    ['was killed', 'stay'],
    ['has come to its end', 'end'],
  ] as const)(
    'is killed, and its folder removed, when the starter %s',
    async (_, how) => {
      const starter = spawn(process.execPath, [LEAVES_A_SERVER, how], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, NODE_OPTIONS: '' },
      });
      const exited = once(starter, 'exit');
      const [line] = await once(createInterface(starter.stdout!), 'line');
      const { pid, folder } = JSON.parse(line) as { pid: number; folder: string };
      if (how === 'stay') starter.kill('SIGKILL');
      await exited;
      await until('the server is gone', () => !isAlive(pid));
      await until('its folder is gone', () => !existsSync(folder));
    },
    TIMEOUT_MS,
  );
});
