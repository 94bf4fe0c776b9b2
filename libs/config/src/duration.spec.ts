import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DURATION, formatDuration, parseDuration } from './duration.js';

describe('durations', () => {
  it.each([
    ['0s', 0],
    ['500ms', 500],
    ['5s', 5_000],
    ['1.5m', 90_000],
    ['2h', 7_200_000],
    ['1h30m0s', 5_400_000],
  ])('%s', (text, ms) => {
    expect(text).toMatch(DURATION);
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '5', 's', '-5s', '5 s', '5d', '1e3s', '.5s', '5S', 'five'])('%j is none', (text) => {
    expect(text).not.toMatch(DURATION);
  });

  it('are the same number after a round trip', () => {
    fc.assert(
      fc.property(fc.nat(), (ms) => {
        expect(formatDuration(ms)).toMatch(DURATION);
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
    );
    expect([0, 90_000, 120_000, 7_200_000, 1_500].map(formatDuration)).toEqual([
      '0s',
      '90s',
      '2m',
      '2h',
      '1500ms',
    ]);
  });
});
