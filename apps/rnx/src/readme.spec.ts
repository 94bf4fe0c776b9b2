import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';
import { FakeIpc } from './testing/fake-ipc.js';
import { startFakePersist } from './testing/fake-persist.js';
import { startFakeState } from './testing/fake-state.js';

const README = fileURLToPath(new URL('../README.md', import.meta.url));
const BIN = fileURLToPath(new URL('../bin/rnx.js', import.meta.url));

/** Takes out what differs from run to run. */
const normalised = (text: string): string =>
  text
    .replace(/demo-[0-9a-f]{8}-[0-9a-f]{4}/g, 'demo-ID')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/"\d{19}"/g, '"NS"');

it('the session in README.md is what rnx does', async () => {
  const session = /```console\n(.*?)```/s.exec(readFileSync(README, 'utf8'))?.[1] ?? '';
  const commands = session.split('\n').filter((line) => line.startsWith('$ '));
  expect(commands.length).toBeGreaterThan(3);

  const folder = mkdtempSync(join(tmpdir(), 'rnx-'));
  mkdirSync(join(folder, 'run'));
  const config = join(folder, 'joblet-config.yml');
  writeFileSync(config, `server: { nodeId: node-1 }\npersist: { storage: { base_dir: ${folder} } }\n`);
  const ipc = await new FakeIpc(join(folder, 'run/persist-ipc.sock')).listen();
  const service = await startFakePersist(join(folder, 'run/persist-grpc.sock'), serveFrom(ipc));
  const state = await startFakeState(join(folder, 'run/state-ipc.sock'));
  try {
    const show = (line: string): string =>
      `printf '%s\\n' '${line.replaceAll("'", "'\\''")}'; ${line.slice(2)}`;
    const script = `rnx() { "${process.execPath}" "${BIN}" "$@"; }; exec 2>&1; ${commands.map(show).join('\n')}`;
    const env = { PATH: process.env.PATH, JOBLET_CONFIG_PATH: config };
    const { stdout } = await promisify(execFile)('sh', ['-c', script], { env, cwd: folder });
    expect(normalised(stdout)).toBe(normalised(session));
  } finally {
    await service[Symbol.asyncDispose]();
    await state[Symbol.asyncDispose]();
    await ipc[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  }
});

/** Answers from what producers have sent. */
function serveFrom(ipc: FakeIpc): Parameters<typeof startFakePersist>[1] {
  const info = () => {
    const times = ipc.rows.map(({ timestamp }) => timestamp);
    const logs = { rows: BigInt(ipc.rows.length), bytes: BigInt(ipc.text(1).length) };
    return {
      jobId: ipc.rows[0].jobId,
      firstTime: times[0],
      lastTime: times[times.length - 1],
      logs,
      stdout: logs,
      metrics: { rows: BigInt(ipc.metrics.length) },
      sizeBytes: 296n,
    };
  };
  return {
    async listJobs() {
      await ipc.ended();
      return { jobs: [info()] };
    },
    getJobInfo: info,
    deleteJob: () => ({ success: true }),
    async *queryLogs({ tail, filter }) {
      yield* ipc.rows.filter(({ content }) => String(content).includes(filter)).slice(-tail);
    },
  };
}
