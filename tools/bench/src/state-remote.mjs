// Speed of the state stores on PostgreSQL and DynamoDB. One JSON line for each figure: `limit` is what the bare driver does
// with the same requests in the same run, without anything around them; `ratio` is value / limit. 20 callers at a time,
// medians of BENCH_RUNS (15) short rounds that alternate: what else the machine does meets both alike. Servers that are
// not there are left out; DynamoDB is Amazon's DynamoDB Local.
// After `npm run build`: npm run bench:state-remote --workspace @joblet/bench
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { findDynamoDbLocal, findPostgres, startDynamoDbLocal, startPostgres } from '@joblet/services';
import { openDynamoDbStateStore } from '@joblet/state-dynamodb';
import { openPostgresStateStore } from '@joblet/state-postgres';
import { newJob } from '@joblet/state-store';
import pg from 'pg';

const ROUNDS = Number(process.env.BENCH_RUNS ?? 15);
const CALLERS = 20;
const transcript = new URL('../../../testdata/go/state/transcript.jsonl', import.meta.url);
const [line] = (await readFile(transcript, 'utf8')).split('\n');
const SAMPLE = JSON.parse(JSON.parse(line).request).job;

if (findPostgres()) await benchPostgres(Number(process.env.BENCH_POSTGRES_JOBS ?? 400));
if (findDynamoDbLocal()) await benchDynamoDb(Number(process.env.BENCH_DYNAMODB_JOBS ?? 80));

async function benchPostgres(count) {
  const server = await startPostgres();
  const store = await openPostgresStateStore({ url: server.url, connectionsMax: 10 });
  const pool = new pg.Pool({ connectionString: server.url, max: 10 });
  try {
    await compare('postgres', count, operationsOf(store), await barePostgres(pool, store));
  } finally {
    await Promise.all([store.close(), pool.end()]);
    await server.stop();
  }
}

/** The rows that the store writes, in its table; the statements are what the driver is asked for, one after the other. */
async function barePostgres(pool, store) {
  const uuid = `sample-${randomUUID()}`;
  await store.create(jobOf(uuid, 'PENDING'));
  const columns =
    'uuid, version, write_id, is_upserted, expires_at, status, node_id, owner, created_at, updated_at, start_time, document';
  const { rows } = await pool.query(`SELECT ${columns} FROM joblet_jobs WHERE uuid = $1`, [uuid]);
  const names = columns.split(', ');
  const row = (id, version, writeId) => [
    id,
    version,
    writeId,
    ...names.slice(3).map((name) => rows[0][name]),
  ];
  const places = names.map((_, index) => `$${index + 1}`);
  const insert = `INSERT INTO joblet_jobs (${columns}) VALUES (${places.join(', ')}) ON CONFLICT (uuid) DO NOTHING`;
  const sets = names.slice(1).map((name, index) => `${name} = ${places[index + 1]}`);
  const update = `UPDATE joblet_jobs SET ${sets.join(', ')} WHERE uuid = $1 AND write_id = $${names.length + 1}`;
  const read = {
    name: 'read',
    text: 'SELECT uuid, version, write_id, is_upserted, expires_at, document FROM joblet_jobs WHERE uuid = $1',
  };
  return {
    create: (id) => pool.query({ name: 'insert', text: insert, values: row(id, 1, randomUUID()) }),
    update: async (id) => {
      const { rows: found } = await pool.query({ ...read, values: [id] });
      const values = [...row(id, 2, randomUUID()), found[0].write_id];
      await pool.query({ name: 'update', text: update, values });
    },
    get: (id) => pool.query({ ...read, values: [id] }),
  };
}

async function benchDynamoDb(count) {
  process.env.AWS_ACCESS_KEY_ID ??= 'local';
  process.env.AWS_SECRET_ACCESS_KEY ??= 'local';
  const server = await startDynamoDbLocal();
  const place = { endpoint: server.endpoint, region: server.region };
  const store = await openDynamoDbStateStore({ ...place, createTable: true });
  const client = new DynamoDBClient(place);
  try {
    await compare('dynamodb local', count, operationsOf(store), await bareDynamoDb(client, store));
  } finally {
    await store.close();
    client.destroy();
    await server.stop();
  }
}

/** The items that the store writes, in its table. */
async function bareDynamoDb(client, store) {
  const TableName = 'joblet-jobs';
  const uuid = `sample-${randomUUID()}`;
  await store.create(jobOf(uuid, 'PENDING'));
  const read = (id) =>
    client.send(new GetItemCommand({ TableName, Key: { jobId: { S: id } }, ConsistentRead: true }));
  const { Item: sample } = await read(uuid);
  const itemOf = (id) => ({ ...sample, jobId: { S: id }, writeId: { S: randomUUID() } });
  return {
    create: (id) =>
      client.send(
        new PutItemCommand({
          TableName,
          Item: itemOf(id),
          ConditionExpression: 'attribute_not_exists(jobId)',
        }),
      ),
    update: async (id) => {
      const { Item } = await read(id);
      await client.send(
        new PutItemCommand({
          TableName,
          Item: itemOf(id),
          ConditionExpression: 'writeId = :writeId',
          ExpressionAttributeValues: { ':writeId': Item.writeId },
        }),
      );
    },
    get: read,
  };
}

function operationsOf(store) {
  return {
    create: (_, job) => store.create(job),
    update: (_, job) => store.update(job),
    get: (id) => store.get(id),
  };
}

function jobOf(uuid, status) {
  return newJob(JSON.stringify({ ...SAMPLE, Uuid: uuid, Status: status }));
}

async function compare(name, count, ours, bare) {
  const rates = { ours: [], bare: [] };
  for (let round = 0; round <= ROUNDS; round++) {
    // The one that comes second finds a larger table and warmer caches: they take turns.
    const turns = [
      ['ours', ours],
      ['bare', bare],
    ];
    if (round % 2 === 1) turns.reverse();
    for (const [who, operations] of turns) {
      const rate = await measure(count, operations);
      // The first round warms up.
      if (round > 0) rates[who].push(rate);
    }
  }
  for (const operation of ['create', 'update', 'get']) {
    const of = (who) => median(rates[who].map((rate) => rate[operation]));
    print(`${name}: ${operation}, ${CALLERS} callers`, of('ours'), of('bare'));
  }
}

/** Operations in a second, by name. */
async function measure(count, operations) {
  const ids = Array.from({ length: count }, () => randomUUID());
  const rates = {};
  for (const [name, operation] of Object.entries(operations)) {
    const status = name === 'create' ? 'PENDING' : 'RUNNING';
    const queue = ids.map((id) => [id, jobOf(id, status)]);
    const start = performance.now();
    await Promise.all(
      Array.from({ length: CALLERS }, async () => {
        for (let next = queue.pop(); next !== undefined; next = queue.pop()) await operation(...next);
      }),
    );
    rates[name] = (count * 1_000) / (performance.now() - start);
  }
  return rates;
}

function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

function print(figure, value, limit) {
  const ratio = Number((value / limit).toFixed(2));
  process.stdout.write(
    `${JSON.stringify({ figure, unit: 'operations/s', value: Math.round(value), limit: Math.round(limit), ratio })}\n`,
  );
}
