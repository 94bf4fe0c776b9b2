import { describe, expect, it } from '@jest/globals';
import { fullJitterMs } from './back-off.js';

describe('fullJitterMs', () => {
  it('is a random part of the doubled base, up to the cap', () => {
    const delays = [0, 1, 2, 3, 4, 2_000].map((attempt) => fullJitterMs(attempt, 100, 1_000, () => 0.5));
    expect(delays).toEqual([50, 100, 200, 400, 500, 500]);
    expect(fullJitterMs(3, 100, 1_000, () => 0)).toBe(0);
  });
});
