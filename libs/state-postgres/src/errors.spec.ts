import { expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { StateStoreError } from '@joblet/state-store';
import { toStateStoreError } from './errors.js';

const failure = (code: string, more: object = {}) => Object.assign(new Error('it failed'), { code, ...more });

it.each([
  ['40P01', 'UNAVAILABLE'],
  ['53100', 'UNAVAILABLE'],
  ['53300', 'UNAVAILABLE'],
  ['55P03', 'UNAVAILABLE'],
  ['57P03', 'UNAVAILABLE'],
  ['25006', 'UNAVAILABLE'],
  ['ECONNREFUSED', 'UNAVAILABLE'],
  ['54000', 'TOO_LARGE'],
  ['42P01', 'INTERNAL'],
  ['23514', 'INTERNAL'],
])('%s is %s', (code, expected) => {
  expect(toStateStoreError(failure(code))).toMatchObject({
    code: expected,
    message: 'PostgreSQL: it failed',
    cause: { code },
  });
});

it('leaves the rows out that PostgreSQL quotes', () => {
  const error = failure('23514', { detail: 'Failing row contains (s3cret)', where: 's3cret' });
  expect(inspect(toStateStoreError(error))).not.toContain('s3cret');
});

it('tells bugs from what the network does, and leaves errors of the store as they are', () => {
  expect(toStateStoreError(new TypeError('x is undefined'))).toMatchObject({ code: 'INTERNAL' });
  const own = new StateStoreError('JOB_EXISTS', 'job a already exists');
  expect(toStateStoreError(own)).toBe(own);
});
