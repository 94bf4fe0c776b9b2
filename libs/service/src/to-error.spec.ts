import { describe, expect, it } from '@jest/globals';
import { messageOf, toError } from './to-error.js';

const hostile = {
  toString(): string {
    throw new Error('no');
  },
};
const broken = Object.defineProperty(new Error(), 'message', {
  get() {
    throw new Error('no');
  },
});

describe('messageOf and toError', () => {
  it.each([
    [new Error('full'), 'full'],
    ['text', 'text'],
    [undefined, 'undefined undefined'],
    [7, 'number 7'],
    [
      new AggregateError([new Error('::1 refused'), new Error('127.0.0.1 refused')]),
      '::1 refused; 127.0.0.1 refused',
    ],
    [new Error('', { cause: new Error('why') }), 'why'],
    [Object.assign(new Error(''), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    [new TypeError(''), 'TypeError'],
    [new Error('two\nlines \u001b[31mred'), 'two\\nlines \\u001b[31mred'],
    [Object.create(null), 'something that cannot be shown was thrown'],
    [hostile, 'something that cannot be shown was thrown'],
    [broken, 'something that cannot be shown was thrown'],
  ])('%#: one line that says something', (thrown, message) => {
    expect(messageOf(thrown)).toBe(message);
    expect(toError(thrown)).toMatchObject({ message, stack: expect.any(String) });
  });

  it('a sane error stays what it is', () => {
    const error = new Error('full');
    expect(toError(error)).toBe(error);
  });
});
