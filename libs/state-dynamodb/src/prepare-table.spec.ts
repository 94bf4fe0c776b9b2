import { expect, it } from '@jest/globals';
import {
  CreateTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type CreateTableCommandInput,
} from '@aws-sdk/client-dynamodb';
import { findDynamoDbLocal } from '@joblet/services';
import { describeWithServer } from '@joblet/services/jest';
import { newJob } from '@joblet/state-store';
import { openDynamoDbStateStore } from './index.js';
import { Local, newTableName, TIMEOUT_MS } from './testing/local.js';

describeWithServer('the table', findDynamoDbLocal, () => {
  const local = new Local();
  const describeTable = async (TableName: string) =>
    (await local.client.send(new DescribeTableCommand({ TableName }))).Table;

  async function makeTable(key: string, more: Partial<CreateTableCommandInput> = {}): Promise<string> {
    const TableName = newTableName();
    await local.client.send(
      new CreateTableCommand({
        TableName,
        AttributeDefinitions: [{ AttributeName: key, AttributeType: 'S' }],
        KeySchema: [{ AttributeName: key, KeyType: 'HASH' }],
        BillingMode: 'PAY_PER_REQUEST',
        ...more,
      }),
    );
    return TableName;
  }

  it(
    'is made with its key, its index and TTL, by one of many services that start at a time',
    async () => {
      const tableName = newTableName();
      const opened = await Promise.all(Array.from({ length: 5 }, () => local.open({ tableName })));
      const table = await describeTable(tableName);
      expect(table).toMatchObject({
        KeySchema: [{ AttributeName: 'jobId', KeyType: 'HASH' }],
        BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
        GlobalSecondaryIndexes: [
          {
            IndexName: 'status-createdAt-index',
            KeySchema: [
              { AttributeName: 'jobStatus', KeyType: 'HASH' },
              { AttributeName: 'createdAt', KeyType: 'RANGE' },
            ],
            Projection: { ProjectionType: 'ALL' },
          },
        ],
      });
      const ttl = await local.client.send(new DescribeTimeToLiveCommand({ TableName: tableName }));
      expect(ttl.TimeToLiveDescription).toMatchObject({ AttributeName: 'expiresAt' });
      expect(await opened[0].store.healthCheck()).toEqual({ ok: true, details: [] });
      await Promise.all(opened.map(({ store }) => store.close()));
    },
    TIMEOUT_MS,
  );

  it('is made with the capacity asked for', async () => {
    const { store, tableName } = await local.open({ readCapacity: 7, writeCapacity: 3 });
    const throughput = { ProvisionedThroughput: { ReadCapacityUnits: 7, WriteCapacityUnits: 3 } };
    expect(await describeTable(tableName)).toMatchObject({
      ...throughput,
      GlobalSecondaryIndexes: [throughput],
    });
    await store.close();
  });

  it('that is missing is an error, unless it may be made', async () => {
    await expect(local.open({ tableName: 'missing', createTable: false })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'there is no table missing in us-east-1; create it, or set createTable',
    });
  });

  it('with another key is an error', async () => {
    const tableName = await makeTable('id');
    await expect(local.open({ tableName })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: `table ${tableName} has the key id (HASH); expected a partition key jobId or job_uuid of type S, and no sort key`,
    });
    const sorted = await makeTable('jobId', {
      AttributeDefinitions: ['jobId', 'createdAt'].map((AttributeName) => ({
        AttributeName,
        AttributeType: 'S',
      })),
      KeySchema: [
        { AttributeName: 'jobId', KeyType: 'HASH' },
        { AttributeName: 'createdAt', KeyType: 'RANGE' },
      ],
    });
    await expect(local.open({ tableName: sorted })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('without TTL is told by health, and so is one with another attribute', async () => {
    const tableName = await makeTable('jobId');
    const off = await local.open({ tableName, createTable: false });
    expect((await off.store.healthCheck()).details).toEqual([
      `TTL of table ${tableName} is off: its jobs do not expire`,
    ]);
    const on = await local.open({ tableName, ttlAttribute: 'other' });
    const wrong = await local.open({ tableName });
    expect((await wrong.store.healthCheck()).details).toEqual([
      `the TTL attribute of table ${tableName} is other, not expiresAt: its jobs do not expire`,
    ]);
    await Promise.all([off, on, wrong].map(({ store }) => store.close()));
  });

  it(
    'gets its index when lists are to use it, and it may be made',
    async () => {
      const tableName = await makeTable('jobId');
      await expect(local.open({ tableName, useIndex: true, createTable: false })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: `table ${tableName} has no index status-createdAt-index; create it, set createTable, or unset useIndex`,
      });
      const { store } = await local.open({ tableName, useIndex: true });
      await store.create(newJob({ uuid: 'job-1', status: 'RUNNING' }));
      expect((await store.list({ status: 'RUNNING' })).jobs).toHaveLength(1);
      await store.close();
    },
    TIMEOUT_MS,
  );

  it('with an index that has not all of a job cannot be listed by it', async () => {
    const index = {
      IndexName: 'status-createdAt-index',
      KeySchema: [
        { AttributeName: 'jobStatus', KeyType: 'HASH' as const },
        { AttributeName: 'createdAt', KeyType: 'RANGE' as const },
      ],
      Projection: { ProjectionType: 'KEYS_ONLY' as const },
    };
    const AttributeDefinitions = ['jobId', 'jobStatus', 'createdAt'].map((AttributeName) => ({
      AttributeName,
      AttributeType: 'S' as const,
    }));
    const tableName = await makeTable('jobId', { AttributeDefinitions, GlobalSecondaryIndexes: [index] });
    await expect(local.open({ tableName, useIndex: true })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching('the projection KEYS_ONLY; expected jobStatus, createdAt and ALL'),
    });
  });

  it('cannot be reached: UNAVAILABLE', async () => {
    const place = { endpoint: 'http://127.0.0.1:1', region: 'us-east-1' };
    await expect(openDynamoDbStateStore(place)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  }, 30_000);
});

it.each([
  { tableName: 'a b' },
  { endpoint: 'localhost:8000' },
  { ttlDays: -1 },
  { ttlDays: 0.5 },
  { ttlAttribute: 'jobStatus' },
  { ttlAttribute: '' },
  { readCapacity: 5 },
  { writeCapacity: 1e9, readCapacity: 1 },
])('the options %j are refused', async (options) => {
  await expect(openDynamoDbStateStore(options)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
});
