import { describe, expect, it } from '@jest/globals';
import { normaliseTimestamp } from './index.js';

const SECOND = 1_000_000_000n;
const MILLISECOND = 1_000_000n;
const MICROSECOND = 1_000n;

describe('normaliseTimestamp', () => {
  it.each([
    ['the least time', -(2n ** 63n), 1n],
    ['negative', -1n, 1n],
    ['zero', 0n, 1n],
    ['the first second', 1n, SECOND],
    ['a metric of an older daemon', 1_763_600_000n, SECOND],
    ['the last second', 10n ** 11n - 1n, SECOND],
    ['the first millisecond', 10n ** 11n, MILLISECOND],
    ['milliseconds of today', 1_763_600_000_000n, MILLISECOND],
    ['the last millisecond', 10n ** 14n - 1n, MILLISECOND],
    ['the first microsecond', 10n ** 14n, MICROSECOND],
    ['microseconds of today', 1_763_600_000_000_000n, MICROSECOND],
    ['the last microsecond', 10n ** 17n - 1n, MICROSECOND],
    ['the first nanosecond', 10n ** 17n, 1n],
    ['nanoseconds of today', 1_763_600_000_000_000_000n, 1n],
    ['the last time', 2n ** 63n - 1n, 1n],
  ])('%s: %d', (_, timestamp, factor) => {
    expect(normaliseTimestamp(timestamp)).toBe(timestamp * factor);
  });
});
