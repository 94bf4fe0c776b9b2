// Sends a real log file through persist's socket, line by line, as any Node service would with @joblet/producer:
// node replay.mjs SOCKET FILE.gz JOB
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { createProducer } from '@joblet/producer';

const [socketPath, file, jobId] = process.argv.slice(2);
const producer = createProducer({ socketPath });
const lines = createInterface({ input: createReadStream(file).pipe(createGunzip()), crlfDelay: Infinity });
for await (const line of lines) await producer.write({ jobId, stream: 1, content: Buffer.from(`${line}\n`) });
await producer.flush();
const { sentRows } = producer.stats;
await producer.close();
process.stdout.write(`sent ${sentRows} lines as job ${jobId}\n`);
