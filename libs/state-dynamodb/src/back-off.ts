import { setTimeout } from 'node:timers/promises';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { StateStoreError } from '@joblet/state-store';

/** The part of a client that says how it retries. */
export interface RetryingClient {
  readonly config: Pick<DynamoDBClient['config'], 'retryStrategy'>;
}

const SCOPE = 'joblet-unprocessed';

/**
 * For batches that DynamoDB takes only a part of: the SDK does not see that as throttling, but its own strategy, which all
 * requests share, tells how long to wait.
 */
export class BackOff {
  private readonly client: RetryingClient;

  constructor(client: RetryingClient) {
    this.client = client;
  }

  /** Calls `send`, which resolves to how many are left, until none is. UNAVAILABLE when the strategy gives up. */
  async repeat(send: () => Promise<number>): Promise<void> {
    let left = await send();
    if (left === 0) return;
    const strategy = await this.client.config.retryStrategy();
    if (!('acquireInitialRetryToken' in strategy))
      throw new TypeError('the SDK has no retry strategy of its own');
    let token = await strategy.acquireInitialRetryToken(SCOPE);
    while (left > 0) {
      try {
        token = await strategy.refreshRetryTokenForRetry(token, { errorType: 'THROTTLING' });
      } catch (error) {
        throw new StateStoreError(
          'UNAVAILABLE',
          `DynamoDB: ${left} items of a batch were not processed, after ${token.getRetryCount()} retries`,
          { cause: error },
        );
      }
      // Strategies may wait themselves, or leave it to the caller.
      await setTimeout(token.getRetryDelay());
      left = await send();
    }
    strategy.recordSuccess(token);
  }
}
