export { findRedis, RedisServer, startRedis, type RedisOptions } from './redis.js';
export { findPostgres, PostgresServer, startPostgres, type PostgresOptions } from './postgres.js';
export {
  DynamoDbLocalServer,
  findDynamoDbLocal,
  startDynamoDbLocal,
  type DynamoDbLocalOptions,
  type DynamoDbLocalPrograms,
} from './dynamodb-local.js';
export { startImds, type Imds, type ImdsMode, type ImdsOptions } from './imds.js';
export { findOpenssl } from './certificate.js';
export { LossyProxy } from './lossy-proxy.js';
export { Server } from './server.js';
