import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { jsonText, type JsonValue } from './json-text.js';

it('writes 64-bit numbers with all their digits', () => {
  expect(jsonText({ a: 2n ** 64n - 1n, b: [-(2n ** 63n)] })).toBe(
    '{"a":18446744073709551615,"b":[-9223372036854775808]}',
  );
});

it('writes what JSON has no number for as text, and leaves out what is absent', () => {
  expect(jsonText({ a: NaN, b: -Infinity, c: undefined, d: [undefined, null] })).toBe(
    '{"a":"NaN","b":"-Infinity","d":[null,null]}',
  );
});

it('writes all else as JSON.stringify does', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(jsonText(value as JsonValue)).toBe(JSON.stringify(value));
    }),
  );
});
