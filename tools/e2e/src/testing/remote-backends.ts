import {
  findDynamoDbLocal,
  findPostgres,
  findRedis,
  startDynamoDbLocal,
  startPostgres,
  startRedis,
  type Server,
} from '@joblet/services';

/** A backend of the state service with a server of its own, whose data survive a kill. */
export interface RemoteBackend {
  readonly name: string;
  find(): unknown;
  /** The server, and the settings of `state.storage` for it. */
  start(): Promise<{ readonly server: Server; readonly storage: object }>;
}

export const REMOTE_BACKENDS: readonly RemoteBackend[] = [
  {
    name: 'redis',
    find: findRedis,
    async start() {
      const server = await startRedis();
      return { server, storage: { redis: { endpoint: server.url } } };
    },
  },
  {
    name: 'postgres',
    find: findPostgres,
    async start() {
      const server = await startPostgres();
      return { server, storage: { postgres: { url: server.url } } };
    },
  },
  {
    name: 'dynamodb',
    find: findDynamoDbLocal,
    async start() {
      const server = await startDynamoDbLocal();
      const { endpoint, region } = server;
      return { server, storage: { dynamodb: { endpoint, region, create_table: true } } };
    },
  },
];

/** Of the service: credentials for DynamoDB Local, and a key for secrets. */
export const REMOTE_ENV = {
  JOBLET_STATE_KEY: 'ab'.repeat(32),
  AWS_ACCESS_KEY_ID: 'any',
  AWS_SECRET_ACCESS_KEY: 'any',
};
