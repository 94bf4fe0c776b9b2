import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createPersistClient } from '@joblet/client';

const PERSIST = fileURLToPath(
  new URL('./bin/persist.js', import.meta.resolve('@joblet/persist/package.json')),
);

/** Starts persist on a directory, and resolves when it says that it is ready. */
export async function startPersist(folder) {
  mkdirSync(folder, { recursive: true });
  const config = { persist: { storage: { base_dir: folder }, monitoring: { prometheus: '', health: '' } } };
  writeFileSync(join(folder, 'config.yml'), JSON.stringify(config));
  const child = spawn(process.execPath, [PERSIST, '--config', join(folder, 'config.yml')], {
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  let output = '';
  child.stderr.on('data', (chunk) => (output += chunk));
  await new Promise((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      if ((output += chunk).includes('persist is ready')) resolve();
      output = output.slice(-20_000);
    });
    child.once('exit', () => reject(new Error(`persist did not start: ${output}`)));
  });
  const client = createPersistClient({ socketPath: join(folder, 'run/persist-grpc.sock') });
  return {
    client,
    connect: () => createConnection(join(folder, 'run/persist-ipc.sock')),
    async end(signal) {
      client.close();
      if (child.exitCode === null && child.signalCode === null) {
        child.kill(signal);
        await once(child, 'exit');
      }
      return child.exitCode;
    },
  };
}
