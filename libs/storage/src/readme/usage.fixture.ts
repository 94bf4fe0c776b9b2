import { LogBatch, substringFilter } from '../index.js';
import { createMemoryStore } from '../memory.js';

const store = createMemoryStore();
const row = { jobId: 'job-1', stream: 1, timestamp: BigInt(Date.now()) * 1_000_000n };
await store.writeLogs(
  LogBatch.from(['hello, world\n', 'good night\n'].map((text) => ({ ...row, content: Buffer.from(text) }))),
);
for await (const item of store.readLogs({ jobId: 'job-1', filter: substringFilter('world'), tail: 10 })) {
  if (item.kind === 'gap') process.stderr.write(`missing: ${item.reason}\n`);
  else for (const { content } of item) process.stdout.write(content);
}
await store.close();
