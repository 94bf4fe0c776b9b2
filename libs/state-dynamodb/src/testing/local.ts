import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from '@jest/globals';
import {
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
  type AttributeValue,
} from '@aws-sdk/client-dynamodb';
import { startDynamoDbLocal, type DynamoDbLocalServer } from '@joblet/services';
import type { StateStore } from '@joblet/state-store';
import { openDynamoDbStateStore, type DynamoDbStoreOptions } from '../index.js';
import { useAnyCredentials } from './credentials.js';

export const TIMEOUT_MS = 120_000;

type Item = Record<string, AttributeValue>;

/** DynamoDB Local for the tests of a suite, and a client to see what is in its tables. */
export class Local {
  server!: DynamoDbLocalServer;
  client!: DynamoDBClient;

  constructor(options: { readonly inMemory: boolean } = { inMemory: true }) {
    beforeAll(async () => {
      useAnyCredentials();
      this.server = await startDynamoDbLocal(options);
      const { endpoint, region } = this.server;
      this.client = new DynamoDBClient({ endpoint, region });
    }, TIMEOUT_MS);
    afterAll(async () => {
      this.client.destroy();
      await this.server.stop();
    }, TIMEOUT_MS);
  }

  get place() {
    const { endpoint, region } = this.server;
    return { endpoint, region };
  }

  /** A store of a new table, unless the options name one. */
  async open(options: DynamoDbStoreOptions = {}): Promise<{ store: StateStore; tableName: string }> {
    const { tableName = newTableName() } = options;
    const store = await openDynamoDbStateStore({ ...this.place, createTable: true, ...options, tableName });
    return { store, tableName };
  }

  async put(TableName: string, ...items: readonly Item[]): Promise<void> {
    for (const Item of items) await this.client.send(new PutItemCommand({ TableName, Item }));
  }

  async item(TableName: string, jobId: string): Promise<Item | undefined> {
    const { Item } = await this.client.send(
      new GetItemCommand({ TableName, Key: { jobId: { S: jobId } }, ConsistentRead: true }),
    );
    return Item;
  }

  async items(TableName: string): Promise<Item[]> {
    const { Items = [] } = await this.client.send(new ScanCommand({ TableName, ConsistentRead: true }));
    return Items;
  }
}

export function newTableName(): string {
  return `jobs-${randomUUID()}`;
}
