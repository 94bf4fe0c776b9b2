import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import { concat, logFrame, messageFrame, metricFrame } from './testing/messages.js';

it('the usage in README.md runs as it is written', async () => {
  const packageRoot = fileURLToPath(new URL('..', import.meta.url));
  const usage = /```js\n(.*?)```/s.exec(readFileSync(join(packageRoot, 'README.md'), 'utf8'))?.[1] ?? '';
  // Inside the package, so that it finds itself by its name: the built one.
  const folder = mkdtempSync(join(packageRoot, 'dist/readme-'));
  const socketFolder = mkdtempSync(join(tmpdir(), 'ipc-'));
  try {
    const script = join(folder, 'usage.mjs');
    writeFileSync(script, usage);
    const socketPath = join(socketFolder, 's');
    const child = spawn(process.execPath, [script, socketPath], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    await once(child.stdout, 'data');
    const producer = connect(socketPath);
    const content = new TextEncoder().encode('hello\n');
    producer.write(concat(logFrame(0, content), messageFrame(9, content), metricFrame(0)));
    while (!output.includes('cores')) await once(child.stdout, 'data');
    child.kill('SIGTERM');
    const [code] = await once(child, 'close');
    producer.destroy();
    expect(code).toBe(0);
    const lines = ['listening', 'opened', 'hello', 'skipped a message of type 9', '0.5 cores', 'closed', ''];
    expect(output.split('\n')).toEqual(lines);
  } finally {
    for (const path of [folder, socketFolder]) rmSync(path, { recursive: true });
  }
});
