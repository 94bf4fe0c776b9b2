import { expect, it } from '@jest/globals';
import { BackOff } from './back-off.js';

/** A strategy that allows so many retries, and keeps book. */
function clientWith(retriesMax: number) {
  const log: string[] = [];
  const token = (count: number) => ({ getRetryCount: () => count, getRetryDelay: () => 0 });
  const retryStrategy = async () => ({
    acquireInitialRetryToken: async () => token(0),
    refreshRetryTokenForRetry: async (before: { getRetryCount(): number }, { errorType = '' }) => {
      if (before.getRetryCount() === retriesMax) throw new Error('No retry token available');
      log.push(errorType);
      return token(before.getRetryCount() + 1);
    },
    recordSuccess: () => void log.push('success'),
  });
  return { client: { config: { retryStrategy } }, log };
}

it('asks the strategy before each retry, and tells it of success', async () => {
  const { client, log } = clientWith(5);
  const left = [3, 2, 0];
  await new BackOff(client).repeat(async () => left.shift() ?? 0);
  expect(log).toEqual(['THROTTLING', 'THROTTLING', 'success']);
});

it('has nothing to ask when all was processed at once', async () => {
  const { client, log } = clientWith(0);
  await new BackOff(client).repeat(async () => 0);
  expect(log).toEqual([]);
});

it('is UNAVAILABLE when the strategy gives up', async () => {
  const { client, log } = clientWith(2);
  await expect(new BackOff(client).repeat(async () => 7)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: 'DynamoDB: 7 items of a batch were not processed, after 2 retries',
  });
  expect(log).toHaveLength(2);
});
