import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { instantOf, nonZeroInstant } from './instant.js';

const DATE = fc.date({ min: new Date('0001-01-02'), max: new Date('9998-12-30'), noInvalidDate: true });
const DIGITS = fc.stringMatching(/^\d{0,12}$/);
const OFFSET = fc.integer({ min: -23 * 60 - 59, max: 23 * 60 + 59 });

function offsetText(minutes: number): string {
  const absolute = Math.abs(minutes);
  const digits = [Math.floor(absolute / 60), absolute % 60].map((part) => String(part).padStart(2, '0'));
  return (minutes < 0 ? '-' : '+') + digits.join(':');
}

describe('instantOf', () => {
  it('is the same instant in UTC, with nine digits, whatever the offset', () => {
    fc.assert(
      fc.property(DATE, DIGITS, OFFSET, (date, digits, offset) => {
        const seconds = date.toISOString().slice(0, 19);
        const fraction = digits === '' ? '' : `.${digits}`;
        const expected = `${seconds}.${digits.slice(0, 9).padEnd(9, '0')}Z`;
        expect(instantOf(`${seconds}${fraction}Z`)).toBe(expected);
        const local = new Date(Date.parse(`${seconds}Z`) + offset * 60_000).toISOString().slice(0, 19);
        expect(instantOf(`${local}${fraction}${offsetText(offset)}`)).toBe(expected);
      }),
    );
  });

  it.each([
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000000000Z'],
    ['2000-02-29t00:00:00z', '2000-02-29T00:00:00.000000000Z'],
    ['0000-01-01T00:00:00Z', '0000-01-01T00:00:00.000000000Z'],
    ['2025-12-31T23:59:59.999999999-23:59', '2026-01-01T23:58:59.999999999Z'],
  ])('%s', (time, instant) => expect(instantOf(time)).toBe(instant));

  it.each([
    ...[
      '',
      'now',
      '2025-11-20',
      '2025-11-20T00:00:00',
      '2025-11-20 00:00:00Z',
      '2025-11-20T00:00Z',
      '1763596800',
    ],
    ...['2025-02-29T00:00:00Z', '1900-02-29T00:00:00Z', '2025-13-01T00:00:00Z', '2025-00-01T00:00:00Z'],
    ...['2025-11-00T00:00:00Z', '2025-11-31T00:00:00Z', '2025-11-20T24:00:00Z', '2025-11-20T00:60:00Z'],
    ...[
      '2025-11-20T00:00:60Z',
      '2025-11-20T00:00:00+24:00',
      '2025-11-20T00:00:00+00:60',
      '2025-11-20T00:00:00.Z',
    ],
    ...[
      '0000-01-01T00:00:00+00:01',
      '9999-12-31T23:59:59-00:01',
      ' 2025-11-20T00:00:00Z',
      '12025-11-20T00:00:00Z',
    ],
  ])('%s is no time', (time) => expect(instantOf(time)).toBeUndefined());
});

it("nonZeroInstant is '' for Go's zero time, however it is written", () => {
  for (const zero of ['0001-01-01T00:00:00Z', '0001-01-01T01:00:00.000+01:00']) {
    expect(nonZeroInstant(zero)).toBe('');
  }
  expect(nonZeroInstant('0001-01-01T00:00:00.000000001Z')).toBe('0001-01-01T00:00:00.000000001Z');
  expect(nonZeroInstant('soon')).toBeUndefined();
});
