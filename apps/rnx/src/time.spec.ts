import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatSeconds, formatTime, parseDuration, parseTime } from './time.js';

const NOW = 1_700_000_000_123_456_789n;

describe('parseTime', () => {
  it.each([
    ['now', NOW],
    ['1h', NOW - 3_600_000_000_000n],
    ['1h30m', NOW - 5_400_000_000_000n],
    ['90s', NOW - 90_000_000_000n],
    ['2d', NOW - 172_800_000_000_000n],
    ['1w', NOW - 604_800_000_000_000n],
    ['250ms', NOW - 250_000_000n],
    ['3us', NOW - 3_000n],
    ['7ns', NOW - 7n],
    ['0s', NOW],
    ['1700000000', 1_700_000_000_000_000_000n],
    ['1700000000.5', 1_700_000_000_500_000_000n],
    ['1700000000.123456789', NOW],
    ['1700000000123', 1_700_000_000_123_000_000n],
    ['1700000000123456', 1_700_000_000_123_456_000n],
    ['1700000000123456789', NOW],
    ['1', 1_000_000_000n],
    ['100000000000', 100_000_000_000n * 10n ** 6n],
    ['2023-11-14T22:13:20Z', 1_700_000_000_000_000_000n],
    ['2023-11-14t22:13:20.123456789z', NOW],
    ['2023-11-14 23:43:20.5+01:30', 1_700_000_000_500_000_000n],
    ['2023-11-14T21:13:20-01:00', 1_700_000_000_000_000_000n],
    ['2024-02-29T00:00:00Z', 1_709_164_800_000_000_000n],
    ['2016-12-31T23:59:60Z', 1_483_228_800_000_000_000n],
  ])('reads %s', (text, expected) => {
    expect(parseTime(text, NOW)).toBe(expected);
  });

  it('takes 0, which is no bound to the service, as the first nanosecond', () => {
    expect(parseTime('0', 5n)).toBe(1n);
    expect(parseTime('1970-01-01T00:00:00Z', 5n)).toBe(1n);
  });

  it.each([
    ...['', ' ', 'yesterday', '-1', '1x', '1 h', 'h', '1h30', '0.5.5', '1e9', '٣h', 'now '],
    '99999999999',
    '2023-11-14T22:13:20',
    '2023-11-14',
    '2023-02-29T00:00:00Z',
    '2023-13-01T00:00:00Z',
    '2023-00-01T00:00:00Z',
    '2023-01-01T24:00:00Z',
    '2023-01-01T00:60:00Z',
    '2023-01-01T00:00:61Z',
    '2023-01-01T00:00:00+24:00',
    '2023-01-01T00:00:00.1234567890Z',
    '1969-12-31T23:59:59Z',
    '2300-01-01T00:00:00Z',
    '99999999999999999999999',
    '9999w',
  ])('refuses %p', (text) => {
    expect(parseTime(text, NOW)).toBeUndefined();
  });

  it('reads back what formatTime writes', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }), (time) => {
        expect(parseTime(formatTime(time), NOW)).toBe(time);
      }),
    );
  });
});

describe('parseDuration', () => {
  it.each([
    ['1m', 60_000_000_000n],
    ['1h1m1s1ms1us1ns', 3_661_001_001_001n],
    ['1.5h', undefined],
    ['', undefined],
    ['60', undefined],
  ])('%p', (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });
});

describe('formats', () => {
  it('write nanoseconds, or cut to the second', () => {
    expect(formatTime(NOW)).toBe('2023-11-14T22:13:20.123456789Z');
    expect(formatTime(1n)).toBe('1970-01-01T00:00:00.000000001Z');
    expect(formatTime(-1n)).toBe('1969-12-31T23:59:59.999999999Z');
    expect(formatSeconds(NOW)).toBe('2023-11-14T22:13:20Z');
    expect(formatSeconds(NOW + 876_000_000n)).toBe('2023-11-14T22:13:20Z');
  });
});
