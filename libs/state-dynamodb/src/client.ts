import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CONNECT_TIMEOUT_MS, CONNECTIONS_MAX, TRIES_MAX, TRY_TIMEOUT_MS } from './limits.js';

/** Credentials come from the default chain. When DynamoDB throttles, all requests slow down together. */
export function makeClient(
  region: string,
  endpoint: string | undefined,
  answerTimeoutMs: number,
): DynamoDBClient {
  const agent = { maxSockets: CONNECTIONS_MAX, keepAlive: true };
  return new DynamoDBClient({
    region,
    ...(endpoint !== undefined && { endpoint }),
    retryMode: 'adaptive',
    maxAttempts: TRIES_MAX,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: Math.min(TRY_TIMEOUT_MS, answerTimeoutMs / 2),
      throwOnRequestTimeout: true,
      httpAgent: agent,
      httpsAgent: agent,
    },
  });
}
