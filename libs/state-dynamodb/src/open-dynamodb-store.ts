import type { StateStore } from '@joblet/state-store';
import { makeClient } from './client.js';
import { DynamoDbStore } from './dynamodb-store.js';
import { checkOptions, type DynamoDbStoreOptions } from './options.js';
import { prepareTable } from './prepare-table.js';
import { detectRegion } from './region.js';
import { Table } from './table.js';

/**
 * Opens the state store of a table. INVALID_ARGUMENT when the options are wrong, the table is missing or not one for them;
 * UNAVAILABLE when DynamoDB cannot be reached, or refuses.
 */
export async function openDynamoDbStateStore(options: DynamoDbStoreOptions = {}): Promise<StateStore> {
  const settings = checkOptions(options);
  const { tableName, answerTimeoutMs } = settings;
  const region = settings.region === '' ? await detectRegion() : settings.region;
  const client = makeClient(region, settings.endpoint, answerTimeoutMs);
  try {
    const { keyName, notes } = await prepareTable(client, settings);
    const table = new Table(client, { name: tableName, keyName, answerTimeoutMs });
    return new DynamoDbStore(table, settings, notes);
  } catch (error) {
    client.destroy();
    throw error;
  }
}
