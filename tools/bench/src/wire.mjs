// Speed of @joblet/wire on the real lines of examples/data. One JSON line for each figure: `limit` is what
// protobuf-es, or the runtime's own JSON, does with the same input in the same run; `ratio` is value / limit.
// After `npm run build`: npm run bench:wire --workspace @joblet/bench
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { IPCMessageSchema, LogLineSchema } from '@joblet/proto/ipc';
import {
  decodeIpcMessage,
  decodeLogLine,
  decodeLogRow,
  encodeIpcMessage,
  encodeLogLine,
  IpcMessageFields,
  LogLineFields,
  RowEncoder,
  scanIpcMessage,
  scanLogLine,
} from '@joblet/wire';

const FILES = ['apache-access', 'auth', 'kafka-broker', 'nginx-plus-json'];
const RUNS = 5;
const WARM_UP_RUNS = 10;
const NEWLINE = 0x0a;
const JOB_ID = '6f2a1c9e-53d4-4be0-9d9c-0a7e5b1f2c38';
const START = 1_763_600_000_000_000_000n;
/** As the store has them: many messages, or rows, in one buffer. */
const BLOCK_BYTES = 256 * 1024;

const logLines = FILES.flatMap((name) => lines(exampleFile(name))).map((content, index) => ({
  jobId: JOB_ID,
  stream: 1,
  timestamp: START + BigInt(index) * 1_000_000n,
  sequence: BigInt(index),
  content,
}));
const messages = inBlocks(logLines.map(encodeLogLine));
const frames = inBlocks(
  logLines.map((line) => {
    const { jobId, timestamp, sequence } = line;
    return encodeIpcMessage({ version: 1, type: 1, jobId, timestamp, sequence, data: encodeLogLine(line) });
  }),
);

measureMessages();
for (const content of ['text', 'base64']) measureRows(content);

function measureMessages() {
  const outer = new IpcMessageFields();
  const inner = new LogLineFields();
  const scan = () => {
    for (const { bytes, start, end } of frames) {
      scanIpcMessage(bytes, start, end, outer);
      scanLogLine(bytes, outer.dataStart, outer.dataEnd, inner);
    }
  };
  const decode = () => {
    for (const { bytes, start, end } of frames) decodeLogLine(decodeIpcMessage(bytes, start, end).data);
  };
  const decodeEs = () => {
    for (const { bytes, start, end } of frames) {
      fromBinary(LogLineSchema, fromBinary(IPCMessageSchema, bytes.subarray(start, end)).data);
    }
  };
  const encode = () => logLines.forEach((line) => encodeLogLine(line));
  const linesEs = messages.map(({ bytes, start, end }) =>
    fromBinary(LogLineSchema, bytes.subarray(start, end)),
  );
  const encodeEs = () => linesEs.forEach((line) => toBinary(LogLineSchema, line));

  const limit = perSecond(decodeEs);
  report('scan IPCMessage and LogLine (limit: protobuf-es)', perSecond(scan), 'messages/s', limit);
  report('decode IPCMessage and LogLine (limit: protobuf-es)', perSecond(decode), 'messages/s', limit);
  report('encode LogLine (limit: protobuf-es)', perSecond(encode), 'messages/s', perSecond(encodeEs));
}

function measureRows(content) {
  const encoder = new RowEncoder({ content });
  const encode = () => {
    const blocks = [];
    messages.forEach(({ bytes, start, end }, index) => {
      encoder.logRow(logLines[index], bytes, start, end);
      if (encoder.byteLength >= BLOCK_BYTES) blocks.push(encoder.take());
    });
    return [...blocks, encoder.take()];
  };
  // With strings, and the time as a double: not what rows may do, but what the runtime is fastest at.
  const encoding = content === 'text' ? 'utf8' : 'base64';
  const key = content === 'text' ? 'text' : 'content';
  const stringify = () => {
    logLines.forEach((line, index) => {
      const text = Buffer.from(line.content.buffer, line.content.byteOffset, line.content.length);
      const row = {
        job_id: JOB_ID,
        stream: 1,
        timestamp: 1,
        sequence: index,
        [key]: text.toString(encoding),
      };
      Buffer.from(JSON.stringify(row));
    });
  };
  const rows = encode().flatMap(rowsOf);
  const decode = () => {
    for (const { bytes, start, end } of rows) decodeLogRow(bytes, start, end);
  };
  const parse = () => {
    for (const { bytes, start, end } of rows)
      Buffer.from(JSON.parse(bytes.toString('utf8', start, end))[key], encoding);
  };
  report(
    `encode a row, content as ${content} (limit: JSON.stringify)`,
    nsEach(encode),
    'ns',
    nsEach(stringify),
  );
  report(`decode a row, content as ${content} (limit: JSON.parse)`, nsEach(decode), 'ns', nsEach(parse));
}

function perSecond(run) {
  return logLines.length / medianSeconds(run);
}

function nsEach(run) {
  return (medianSeconds(run) * 1e9) / logLines.length;
}

/** Median of the runs. Those before them warm up: the code for rows is optimised late. */
function medianSeconds(run) {
  for (let warmUp = 0; warmUp < WARM_UP_RUNS; warmUp++) run();
  const seconds = Array.from({ length: RUNS }, () => {
    const start = process.hrtime.bigint();
    run();
    return Number(process.hrtime.bigint() - start) / 1e9;
  });
  return seconds.sort((a, b) => a - b)[RUNS >> 1];
}

function report(name, value, unit, limit) {
  const ratio = Number((value / limit).toFixed(2));
  const figure = { name, value: Math.round(value), unit, limit: Math.round(limit), ratio };
  process.stdout.write(`${JSON.stringify(figure)}\n`);
}

function exampleFile(name) {
  return gunzipSync(readFileSync(new URL(`../../../examples/data/${name}.log.gz`, import.meta.url)));
}

function lines(text) {
  return rowsOf(text).map(({ bytes, start, end }) => bytes.subarray(start, end));
}

/** Where each line of `bytes` is, without its newline. */
function rowsOf(bytes) {
  const found = [];
  for (let start = 0, end; (end = bytes.indexOf(NEWLINE, start)) >= 0; start = end + 1) {
    found.push({ bytes, start, end });
  }
  return found;
}

/** The same bytes, copied into blocks. */
function inBlocks(chunks) {
  const placed = [];
  for (let first = 0; first < chunks.length;) {
    let last = first;
    for (let size = 0; last < chunks.length && size < BLOCK_BYTES; last++) size += chunks[last].length;
    const bytes = Buffer.concat(chunks.slice(first, last));
    for (let start = 0; first < last; first++) {
      placed.push({ bytes, start, end: start + chunks[first].length });
      start += chunks[first].length;
    }
  }
  return placed;
}
