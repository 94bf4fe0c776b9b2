import { afterAll, beforeAll, expect, it } from '@jest/globals';
import {
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { findDynamoDbLocal, startDynamoDbLocal, type DynamoDbLocalServer } from './dynamodb-local.js';
import { describeWithServer } from './jest.js';

const TIMEOUT_MS = 120_000;
const MANY = 200;
const TableName = 'numbers';

describeWithServer('DynamoDB Local', findDynamoDbLocal, () => {
  let server: DynamoDbLocalServer;
  beforeAll(async () => void (server = await startDynamoDbLocal()), TIMEOUT_MS);
  afterAll(() => server.stop(), TIMEOUT_MS);

  async function withClient<T>(
    { endpoint, region, credentials }: DynamoDbLocalServer,
    use: (client: DynamoDBClient) => Promise<T>,
  ): Promise<T> {
    const client = new DynamoDBClient({ endpoint, region, credentials, maxAttempts: 1 });
    try {
      return await use(client);
    } finally {
      client.destroy();
    }
  }

  function createTable(client: DynamoDBClient) {
    const AttributeDefinitions = [{ AttributeName: 'id', AttributeType: 'S' as const }];
    const KeySchema = [{ AttributeName: 'id', KeyType: 'HASH' as const }];
    return client.send(
      new CreateTableCommand({ TableName, AttributeDefinitions, KeySchema, BillingMode: 'PAY_PER_REQUEST' }),
    );
  }

  it(
    'has after kill -9 in the middle of writes all that it has acknowledged',
    async () => {
      const acknowledged: string[] = [];
      let killed: Promise<void> | undefined;
      await withClient(server, async (client) => {
        await createTable(client);
        const writes = Array.from({ length: MANY }, async (_, index) => {
          await client.send(
            new PutItemCommand({ TableName, Item: { id: { S: `${index}` }, n: { N: `${index}` } } }),
          );
          acknowledged.push(`${index}`);
          if (acknowledged.length === MANY / 2) killed = server.kill();
        });
        await Promise.allSettled(writes);
      });
      await killed;
      await server.restart();
      await withClient(server, async (client) => {
        const { Items = [] } = await client.send(new ScanCommand({ TableName, ConsistentRead: true }));
        const there = new Set(Items.map(({ id }) => id.S));
        expect(acknowledged.filter((id) => !there.has(id))).toEqual([]);
        expect(acknowledged.length).toBeGreaterThanOrEqual(MANY / 2);
      });
    },
    TIMEOUT_MS,
  );

  it('gives every client the same tables, whatever its credentials and region', async () => {
    const credentials = { accessKeyId: 'other', secretAccessKey: 'other' };
    const other = new DynamoDBClient({ endpoint: server.endpoint, region: 'eu-central-1', credentials });
    try {
      const { Item } = await other.send(new GetItemCommand({ TableName, Key: { id: { S: '0' } } }));
      expect(Item).toEqual({ id: { S: '0' }, n: { N: '0' } });
    } finally {
      other.destroy();
    }
  });

  it(
    'forgets by a kill when it is in memory',
    async () => {
      await using inMemory = await startDynamoDbLocal({ inMemory: true });
      await withClient(inMemory, createTable);
      await inMemory.restart();
      const { TableNames } = await withClient(inMemory, (client) => client.send(new ListTablesCommand()));
      expect(TableNames).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
