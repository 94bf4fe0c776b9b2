export { openDynamoDbStateStore } from './open-dynamodb-store.js';
export type { DynamoDbStoreOptions } from './options.js';
