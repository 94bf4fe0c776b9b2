import { fieldOf, newJob, StateStoreError } from '../index.js';
import { createMemoryStore } from '../memory.js';

const store = createMemoryStore();
await store.create(newJob({ uuid: 'job-1', status: 'RUNNING', nodeId: 'node-1', future: 2n ** 60n }));
const { version } = await store.get('job-1');
const update = newJob('{"Uuid": "job-1", "Status": "COMPLETED", "ExitCode": 0}'); // as a daemon writes it
const job = await store.update(update, { expectedVersion: version });
process.stdout.write(`${job.status} ${String(fieldOf(job, 'future'))}\n`);
await store.update(update, { expectedVersion: version }).catch((error) => {
  if (error instanceof StateStoreError) process.stdout.write(`${error.code}: ${error.message}\n`);
});
const { jobs } = await store.list({ statuses: ['COMPLETED', 'FAILED'], sortDesc: true, limit: 10 });
process.stdout.write(`${jobs.length} ended\n`);
await store.close();
