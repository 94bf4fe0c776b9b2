// A small real job: reads the web server log of examples/data, tells what it finds on stdout, and what is wrong with
// it on stderr, a part every quarter of a second.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';

const LOG = new URL('../../../examples/data/apache-access.log.gz', import.meta.url);
const PART_LINES = 625;
const PAUSE_MS = 250;

const lines = createInterface({ input: createReadStream(LOG).pipe(createGunzip()), crlfDelay: Infinity });
const paths = new Map();
let count = 0;
let bytes = 0;
for await (const line of lines) {
  const match = /"(?<method>\S+) (?<path>\S+)[^"]*" (?<status>\d+) (?<size>\d+|-)/.exec(line);
  if (!match) {
    process.stderr.write(`line ${count + 1} is not in the combined format\n`);
    continue;
  }
  const { method, path, status, size } = match.groups;
  count++;
  bytes += Number(size) || 0;
  paths.set(path, (paths.get(path) ?? 0) + 1);
  // Not found is daily life on the web; the rest is worth a line.
  if (Number(status) >= 400 && status !== '404') process.stderr.write(`${status} ${method} ${path}\n`);
  if (count % PART_LINES === 0) {
    process.stdout.write(`${count} requests, ${paths.size} paths, ${(bytes / 1e6).toFixed(0)} MB sent\n`);
    await delay(PAUSE_MS);
  }
}
const top = [...paths].sort((a, b) => b[1] - a[1]).slice(0, 5);
process.stdout.write(`the most wanted of ${paths.size} paths:\n`);
for (const [path, hits] of top) process.stdout.write(`${String(hits).padStart(6)}  ${path}\n`);
