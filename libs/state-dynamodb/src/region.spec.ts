import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { startImds, type Imds } from '@joblet/services';
import { detectRegion } from './region.js';

const TIMEOUT_MS = 30_000;
let imds: Imds;
beforeEach(async () => void (imds = await startImds({ region: 'ap-southeast-2' })));
afterEach(() => imds.stop());

const environment = (more: Record<string, string> = {}) => ({
  AWS_EC2_METADATA_SERVICE_ENDPOINT: imds.endpoint,
  ...more,
});

it("is the instance's, before AWS_REGION, with a token", async () => {
  expect(await detectRegion(environment({ AWS_REGION: 'eu-west-1' }))).toBe('ap-southeast-2');
  expect(imds.requests).toEqual(['PUT /latest/api/token', 'GET /latest/meta-data/placement/region']);
});

it.each(['v1', 'not-found', 'hangs'] as const)(
  'is AWS_REGION, then us-east-1, when the metadata service is %s',
  async (mode) => {
    imds.mode = mode;
    const regions = [detectRegion(environment({ AWS_REGION: 'eu-west-1' })), detectRegion(environment())];
    expect(await Promise.all(regions)).toEqual(['eu-west-1', 'us-east-1']);
  },
  TIMEOUT_MS,
);

it('is AWS_REGION when nobody is there', async () => {
  await imds.kill();
  expect(await detectRegion(environment({ AWS_REGION: 'eu-west-1' }))).toBe('eu-west-1');
});

it('asks nobody when the metadata service is disabled', async () => {
  const disabled = environment({ AWS_EC2_METADATA_DISABLED: 'true', AWS_REGION: 'eu-west-1' });
  expect(await detectRegion(disabled)).toBe('eu-west-1');
  expect(imds.requests).toEqual([]);
});
