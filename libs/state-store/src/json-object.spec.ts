import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { jsonMembers, scanObject, valueEnd } from './json-object.js';

/** Keys as they stand in a text: some are written in several ways, some look like others that are escaped. */
const KEY = fc.constantFrom(
  'a',
  'b',
  '1',
  '0',
  '',
  '\\n',
  '\\\\n',
  '\\u0061',
  '\\\\',
  '\\"',
  'a\\"',
  '__proto__',
);
const VALUE = fc.constantFrom('1', '"x"', '{"a":[1]}', '[{},"}"]', 'null', '12345678901234567890');
const BLANK = fc.constantFrom('', ' ', '\t');
const MEMBER = fc.tuple(BLANK, KEY, BLANK, BLANK, VALUE).map(([one, key, two, three, value]) => ({
  key,
  value,
  text: `${one}"${key}"${two}:${three}${value}`,
}));

it('gives each key and its value as they stand there, whether or not it is told the keys', () => {
  fc.assert(
    fc.property(fc.array(MEMBER), (members) => {
      const text = `{${members.map(({ text }) => text).join(',')}}`;
      const scanned = (keys?: readonly string[]) => {
        const found: string[][] = [];
        const take = (name: string, start: number): number => {
          const end = valueEnd(text, start);
          found.push([name, text.slice(start, end)]);
          return end;
        };
        expect(scanObject(text, 0, take, keys)).toBe(text.length);
        return found;
      };
      const expected = members.map(({ key, value }) => [JSON.parse(`"${key}"`) as string, value]);
      expect(scanned()).toEqual(expected);
      expect(scanned(Object.keys(JSON.parse(text) as object))).toEqual(expected);
      expect(jsonMembers(text)).toEqual(new Map(expected as [string, string][]));
    }),
    { numRuns: 2_000 },
  );
});
