import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CONNECT_TIMEOUT_MS, CONNECTIONS_MAX, TRIES_MAX, TRY_TIMEOUT_MS } from './limits.js';

/** Credentials come from the default chain. When DynamoDB throttles, all requests slow down together. */
export function makeClient(region: string, endpoint: string | undefined): DynamoDBClient {
  const agent = { maxSockets: CONNECTIONS_MAX, keepAlive: true };
  return new DynamoDBClient({
    region,
    ...(endpoint !== undefined && { endpoint }),
    retryMode: 'adaptive',
    maxAttempts: TRIES_MAX,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: TRY_TIMEOUT_MS,
      throwOnRequestTimeout: true,
      httpAgent: agent,
      httpsAgent: agent,
    },
  });
}
