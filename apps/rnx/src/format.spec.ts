import { expect, it } from '@jest/globals';
import { formatBytes, plural } from './format.js';

it.each([
  [0n, '0 B'],
  [1_023n, '1023 B'],
  [1_024n, '1.0 KiB'],
  [1_536n, '1.5 KiB'],
  [1_048_575n, '1023.9 KiB'],
  [1_048_576n, '1.0 MiB'],
  [2n ** 64n - 1n, '15.9 EiB'],
])('%s bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

it('counts', () => {
  expect([plural(0, 'line'), plural(1n, 'line'), plural(2, 'line')]).toEqual([
    '0 lines',
    '1 line',
    '2 lines',
  ]);
});
