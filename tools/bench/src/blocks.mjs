// CPU of building blocks (rows, filter, gzip, index entry) of the real lines of examples/data, on one thread. One JSON line for each
// figure: `limit` is gzip alone (level 3, the same rows, the same members) in the same run; `ratio` is value / limit.
// After `npm run build`: npm run bench:blocks --workspace @joblet/bench
import { readFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { encodeLogLine } from '@joblet/wire';

const dist = (path) => import(new URL(`../../../libs/storage-local/dist/${path}`, import.meta.url).href);
const { buildBlocks } = await dist('block/build-blocks.js');
const { openLogRowsModule } = await dist('block/wasm/log-rows-module.js');

const FILES = ['apache-access', 'auth', 'kafka-broker', 'nginx-plus-json'];
const RUNS = 5;
const LINES = 200_000;
const LEVEL = 3;
const NEWLINE = 0x0a;
const JOB_ID = '6f2a1c9e-53d4-4be0-9d9c-0a7e5b1f2c38';
const START = 1_763_600_000_000_000_000n;
/** Wire bytes of a request: what a store seals when it is flooded. */
const REQUEST_BYTES = 190 * 1024;

const requests = makeRequests(FILES.flatMap((name) => linesOf(exampleFile(name))));
const module = openLogRowsModule();
const texts = buildAll(module).map(({ member }) => gunzipSync(member));

const ways = {
  gzip: () => texts.forEach((text) => gzipSync(text, { level: LEVEL, chunkSize: 64 * 1024 })),
  WebAssembly: () => buildAll(module),
  'plain JavaScript': () => buildAll(undefined),
};
const { gzip, ...others } = cpuOf(ways);
for (const [name, cpu] of Object.entries(others)) {
  report(`blocks, ${name}: CPU (limit: gzip level 3 alone)`, cpu, 's / 1 M lines', gzip);
  report(`blocks, ${name}: one thread (limit: gzip level 3 alone)`, 1e6 / cpu, 'lines/s', 1e6 / gzip);
}

function buildAll(used) {
  return requests.flatMap((request) => buildBlocks(request, used));
}

/** CPU seconds of each way for a million lines: the median of its runs, in turns with those of the others. */
function cpuOf(ways) {
  const names = Object.keys(ways);
  const seconds = new Map(names.map((name) => [name, []]));
  for (let run = 0; run <= RUNS; run++) {
    for (const name of names) {
      const before = process.cpuUsage();
      ways[name]();
      const { user, system } = process.cpuUsage(before);
      // The first run warms up.
      if (run > 0) seconds.get(name).push(((user + system) / 1e6 / LINES) * 1e6);
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(seconds.get(name))]));
}

function median(values) {
  return values.sort((a, b) => a - b)[values.length >> 1];
}

function makeRequests(lines) {
  const made = [];
  let messages = [];
  let bytes = 0;
  for (let index = 0; index < LINES; index++) {
    const timestamp = START + BigInt(index) * 1_000_000n;
    const content = lines[index % lines.length];
    const message = encodeLogLine({ jobId: JOB_ID, stream: 1, timestamp, sequence: BigInt(index), content });
    messages.push({ message, timestamp, ordinal: BigInt(index) });
    bytes += message.length;
    if (bytes < REQUEST_BYTES && index < LINES - 1) continue;
    made.push({ kind: 'logs', jobId: JOB_ID, content: 'text', level: LEVEL, rows: blockRows(messages) });
    messages = [];
    bytes = 0;
  }
  return made;
}

function blockRows(messages) {
  const ends = new Uint32Array(messages.length);
  messages.forEach(({ message }, row) => (ends[row] = (row === 0 ? 0 : ends[row - 1]) + message.length));
  return {
    bytes: Buffer.concat(messages.map(({ message }) => message)),
    starts: Uint32Array.from(ends, (end, row) => end - messages[row].message.length),
    ends,
    timestamps: BigInt64Array.from(messages, ({ timestamp }) => timestamp),
    ordinals: BigUint64Array.from(messages, ({ ordinal }) => ordinal),
  };
}

function report(name, value, unit, limit) {
  const round = (figure) => Number(figure.toPrecision(4));
  const figure = { name, value: round(value), unit, limit: round(limit), ratio: round(value / limit) };
  process.stdout.write(`${JSON.stringify(figure)}\n`);
}

function exampleFile(name) {
  return gunzipSync(readFileSync(new URL(`../../../examples/data/${name}.log.gz`, import.meta.url)));
}

function linesOf(text) {
  const lines = [];
  for (let start = 0, end; (end = text.indexOf(NEWLINE, start)) >= 0; start = end + 1) {
    lines.push(text.subarray(start, end));
  }
  return lines;
}
