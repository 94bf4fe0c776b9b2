import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isLosslessNumber } from 'lossless-json';
import { parseJson, stringifyJson } from './json-value.js';

describe('parseJson', () => {
  it.each([
    '9007199254740993',
    '-9223372036854775808',
    '0.1000000000000000055',
    '1e400',
    '{"a":[1,{"b":18446744073709551615}]}',
    '[ 12345678901234567890]',
    '{"a": 1.0e5}',
  ])('%s is written as it was read', (text) => {
    expect(stringifyJson(parseJson(text))).toBe(text.replace(/(?<=[[:]) /g, ''));
  });

  it('gives numbers that a double holds as numbers, beside those that it does not', () => {
    const value = parseJson('{"small":1,"half":0.5,"big":9007199254740993}');
    expect(value).toMatchObject({ small: 1, half: 0.5 });
    expect(isLosslessNumber((value as { big: unknown }).big)).toBe(true);
  });

  it('is JSON.parse for what JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const value = JSON.parse(text) as unknown;
        fc.pre(!/__proto__/.test(text));
        expect(JSON.parse(stringifyJson(parseJson(text)))).toEqual(value);
      }),
    );
  });
});

it('stringifyJson takes bigint, and leaves out what is undefined', () => {
  expect(stringifyJson({ a: 2n ** 64n, b: undefined, c: [1n, null] })).toBe(
    '{"a":18446744073709551616,"c":[1,null]}',
  );
});
