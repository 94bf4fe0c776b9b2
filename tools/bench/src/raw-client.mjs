// `node raw-client.mjs SOCKET JOBS COUNT RATE`: makes the frames, says "ready", waits for stdin, sends.
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { encodeIpcMessage, encodeLogLine } from '@joblet/wire';
import { rowAt } from './engine.mjs';

const CHUNK_BYTES = 128 * 1024;

const [socketPath, ...numbers] = process.argv.slice(2);
const [jobs, count, rate] = numbers.map(Number);
/** At a high rate a steady flow, not bursts whose end waits for their beginning. */
const STEP_MS = rate < 100_000 ? 5 : 1;
const chunks =
  rate === 0
    ? chunksOf(CHUNK_BYTES, Infinity)
    : chunksOf(Infinity, Math.max(1, Math.round((rate * STEP_MS) / 1_000)));
process.stdout.write('ready\n');
await once(process.stdin, 'data');
const socket = createConnection(socketPath);
const start = performance.now();
for (const [index, chunk] of chunks.entries()) {
  if (rate > 0) await delay(Math.max(0, start + index * STEP_MS - performance.now()));
  if (!socket.write(chunk)) await once(socket, 'drain');
}
socket.end();
await once(socket, 'close');
process.exit(0);

function chunksOf(bytesMax, framesMax) {
  const made = [];
  let frames = [];
  let bytes = 0;
  for (let index = 0; index < count; index++) {
    const frame = frameOf(rowAt(index, jobs));
    frames.push(frame);
    bytes += frame.length;
    if (bytes < bytesMax && frames.length < framesMax && index < count - 1) continue;
    made.push(Buffer.concat(frames));
    frames = [];
    bytes = 0;
  }
  return made;
}

function frameOf(row) {
  const { jobId, timestamp, sequence } = row;
  const message = encodeIpcMessage({
    version: 1,
    type: 1,
    jobId,
    timestamp,
    sequence,
    data: encodeLogLine(row),
  });
  const frame = Buffer.allocUnsafe(4 + message.length);
  frame.writeUInt32BE(message.length);
  frame.set(message, 4);
  return frame;
}
