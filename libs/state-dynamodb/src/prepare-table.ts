import {
  CreateTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
  type CreateTableCommandInput,
  type DynamoDBClient,
  type GlobalSecondaryIndex,
  type GlobalSecondaryIndexDescription,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';
import { setTimeout } from 'node:timers/promises';
import { StateStoreError } from '@joblet/state-store';
import { INDEX_NAME, KEY_NAMES, type KeyName } from './attribute-names.js';
import { isNamed, toStateStoreError } from './errors.js';
import { TABLE_POLL_SECONDS, TABLE_TIMEOUT_SECONDS } from './limits.js';
import type { DynamoDbSettings } from './options.js';

export interface PreparedTable {
  readonly keyName: KeyName;
  /** For the operator. */
  readonly notes: readonly string[];
}

type Settings = Pick<DynamoDbSettings, 'tableName' | 'ttl' | 'capacity' | 'createTable' | 'useIndex'>;

/** Looks at the table, and makes with `createTable` what is missing. INVALID_ARGUMENT for a table that does not fit. */
export async function prepareTable(client: DynamoDBClient, settings: Settings): Promise<PreparedTable> {
  try {
    const table = (await describe(client, settings)) ?? (await create(client, settings));
    const keyName = keyNameOf(table, settings.tableName);
    if (settings.useIndex) await prepareIndex(client, settings, table);
    const note = settings.ttl && (await prepareTtl(client, settings, settings.ttl.attribute));
    return { keyName, notes: note === undefined ? [] : [note] };
  } catch (error) {
    throw toStateStoreError(error, `preparing table ${settings.tableName}`);
  }
}

async function describe(
  client: DynamoDBClient,
  { tableName, createTable }: Settings,
): Promise<TableDescription | undefined> {
  try {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: tableName }));
    return Table?.TableStatus === 'CREATING' ? await whenThere(client, tableName) : Table;
  } catch (error) {
    if (!isNamed(error, 'ResourceNotFoundException')) throw error;
    if (createTable) return undefined;
    const region = await client.config.region();
    throw invalid(`there is no table ${tableName} in ${region}; create it, or set createTable`);
  }
}

async function create(client: DynamoDBClient, settings: Settings): Promise<TableDescription | undefined> {
  const { tableName, capacity } = settings;
  const input: CreateTableCommandInput = {
    TableName: tableName,
    AttributeDefinitions: ['jobId', ...INDEX_KEYS].map(stringAttribute),
    KeySchema: [{ AttributeName: 'jobId', KeyType: 'HASH' }],
    GlobalSecondaryIndexes: [indexOf(settings)],
    BillingMode: capacity === undefined ? 'PAY_PER_REQUEST' : 'PROVISIONED',
    ...throughputOf(settings),
  };
  try {
    await client.send(new CreateTableCommand(input));
  } catch (error) {
    // Another service is making it just now.
    if (!isNamed(error, 'ResourceInUseException')) throw error;
  }
  return whenThere(client, tableName);
}

async function whenThere(client: DynamoDBClient, TableName: string): Promise<TableDescription | undefined> {
  const limits = {
    maxWaitTime: TABLE_TIMEOUT_SECONDS,
    minDelay: TABLE_POLL_SECONDS,
    maxDelay: TABLE_POLL_SECONDS,
  };
  await waitUntilTableExists({ client, ...limits }, { TableName });
  return (await client.send(new DescribeTableCommand({ TableName }))).Table;
}

function keyNameOf(table: TableDescription | undefined, tableName: string): KeyName {
  const keys = table?.KeySchema ?? [];
  const keyName = KEY_NAMES.find((name) => name === keys[0]?.AttributeName);
  const type = table?.AttributeDefinitions?.find(
    ({ AttributeName }) => AttributeName === keyName,
  )?.AttributeType;
  if (keyName !== undefined && keys.length === 1 && type === 'S') return keyName;
  const found = keys.map(({ AttributeName, KeyType }) => `${AttributeName} (${KeyType})`).join(', ');
  throw invalid(
    `table ${tableName} has the key ${found}; expected a partition key ${KEY_NAMES.join(' or ')} of type S, and no sort key`,
  );
}

const INDEX_KEYS = ['jobStatus', 'createdAt'];

async function prepareIndex(
  client: DynamoDBClient,
  settings: Settings,
  table: TableDescription | undefined,
): Promise<void> {
  const { tableName, createTable } = settings;
  const there = indexIn(table);
  if (there === undefined) {
    if (!createTable)
      throw invalid(
        `table ${tableName} has no index ${INDEX_NAME}; create it, set createTable, or unset useIndex`,
      );
    await client.send(
      new UpdateTableCommand({
        TableName: tableName,
        AttributeDefinitions: INDEX_KEYS.map(stringAttribute),
        GlobalSecondaryIndexUpdates: [{ Create: indexOf(settings) }],
      }),
    );
  }
  const index = await whenActive(client, tableName, there);
  const keys = index.KeySchema?.map(({ AttributeName }) => AttributeName).join(', ');
  const projection = index.Projection?.ProjectionType;
  if (keys === INDEX_KEYS.join(', ') && projection === 'ALL') return;
  throw invalid(
    `index ${INDEX_NAME} of table ${tableName} has the keys ${keys} and the projection ${projection}; expected ${INDEX_KEYS.join(', ')} and ALL`,
  );
}

/** A new index is filled first. */
async function whenActive(
  client: DynamoDBClient,
  tableName: string,
  first: GlobalSecondaryIndexDescription | undefined,
): Promise<GlobalSecondaryIndexDescription> {
  const deadline = performance.now() + TABLE_TIMEOUT_SECONDS * 1000;
  for (let index = first; ;) {
    if (index?.IndexStatus === 'ACTIVE') return index;
    if (performance.now() > deadline)
      throw new StateStoreError(
        'UNAVAILABLE',
        `index ${INDEX_NAME} of table ${tableName} is ${index?.IndexStatus ?? 'missing'} after ${TABLE_TIMEOUT_SECONDS} s`,
      );
    await setTimeout(TABLE_POLL_SECONDS * 1000);
    index = indexIn((await client.send(new DescribeTableCommand({ TableName: tableName }))).Table);
  }
}

/** A note when jobs do not expire, or nobody knows. */
async function prepareTtl(
  client: DynamoDBClient,
  { tableName, createTable }: Settings,
  attribute: string,
): Promise<string | undefined> {
  try {
    let found = await ttlAttributeOf(client, tableName);
    if (found === undefined && createTable) {
      if (await turnTtlOn(client, tableName, attribute)) return undefined;
      found = await ttlAttributeOf(client, tableName);
    }
    if (found === attribute) return undefined;
    return found === undefined
      ? `TTL of table ${tableName} is off: its jobs do not expire`
      : `the TTL attribute of table ${tableName} is ${found}, not ${attribute}: its jobs do not expire`;
  } catch (error) {
    const { message } = toStateStoreError(error, 'asking for TTL, or turning it on');
    return `whether jobs of table ${tableName} expire is not known: ${message}`;
  }
}

/** Undefined when TTL is off. */
async function ttlAttributeOf(client: DynamoDBClient, TableName: string): Promise<string | undefined> {
  const { TimeToLiveDescription: found } = await client.send(new DescribeTimeToLiveCommand({ TableName }));
  const isOn = found?.TimeToLiveStatus === 'ENABLED' || found?.TimeToLiveStatus === 'ENABLING';
  return isOn ? found.AttributeName : undefined;
}

/** False when another service has done so just now. */
async function turnTtlOn(client: DynamoDBClient, TableName: string, AttributeName: string): Promise<boolean> {
  const TimeToLiveSpecification = { AttributeName, Enabled: true };
  try {
    await client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
    return true;
  } catch (error) {
    if (isNamed(error, 'ValidationException')) return false;
    throw error;
  }
}

function indexIn(table: TableDescription | undefined): GlobalSecondaryIndexDescription | undefined {
  return table?.GlobalSecondaryIndexes?.find(({ IndexName }) => IndexName === INDEX_NAME);
}

function indexOf(settings: Settings): GlobalSecondaryIndex {
  const [partition, sort] = INDEX_KEYS;
  return {
    IndexName: INDEX_NAME,
    KeySchema: [
      { AttributeName: partition, KeyType: 'HASH' },
      { AttributeName: sort, KeyType: 'RANGE' },
    ],
    Projection: { ProjectionType: 'ALL' },
    ...throughputOf(settings),
  };
}

function throughputOf({ capacity }: Settings) {
  if (capacity === undefined) return {};
  return { ProvisionedThroughput: { ReadCapacityUnits: capacity.read, WriteCapacityUnits: capacity.write } };
}

function stringAttribute(AttributeName: string) {
  return { AttributeName, AttributeType: 'S' as const };
}

function invalid(message: string): StateStoreError {
  return new StateStoreError('INVALID_ARGUMENT', message);
}
