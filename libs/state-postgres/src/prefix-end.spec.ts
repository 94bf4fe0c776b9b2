import { expect, it } from '@jest/globals';
import { compareText } from '@joblet/state-store';
import fc from 'fast-check';
import { prefixEnd } from './prefix-end.js';

const text = fc.string({ unit: fc.constantFrom('a', 'b', '\ud7ff', '\ue000', '\uffff', '😀', '\u{10ffff}') });

it('what starts with the prefix, and nothing else, lies from the prefix to its end', () => {
  fc.assert(
    fc.property(text, text, (prefix, other) => {
      const end = prefixEnd(prefix);
      for (const one of [other, prefix + other]) {
        const isBetween = compareText(one, prefix) >= 0 && (end === undefined || compareText(one, end) < 0);
        expect(isBetween).toBe(one.startsWith(prefix));
      }
    }),
  );
});
