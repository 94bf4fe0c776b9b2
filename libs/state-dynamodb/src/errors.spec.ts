import { expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { toStateStoreError } from './errors.js';

const failure = (name: string, $fault?: string, message = 'it failed') =>
  Object.assign(new Error(message), { name, ...($fault !== undefined && { $fault }) });

it.each([
  ['ThrottlingException', 'client', 'UNAVAILABLE'],
  ['InternalServerError', 'server', 'UNAVAILABLE'],
  ['CredentialsProviderError', undefined, 'UNAVAILABLE'],
  ['TimeoutError', undefined, 'UNAVAILABLE'],
  ['SerializationException', 'client', 'INTERNAL'],
])('%s (of the %s) is %s', (name, fault, code) => {
  expect(toStateStoreError(failure(name, fault), 'reading job a')).toMatchObject({
    code,
    message: `DynamoDB: reading job a: ${name}: it failed`,
  });
});

it('is TOO_LARGE when DynamoDB counts more bytes than we do', () => {
  const message = 'Item size has exceeded the maximum allowed size';
  expect(toStateStoreError(failure('ValidationException', 'client', message), '').code).toBe('TOO_LARGE');
});

it('leaves the headers out that AWS quotes when a signature is wrong', () => {
  const message = 'The signature does not match.\n\nThe Canonical String was:\nx-amz-security-token:s3cret';
  const error = toStateStoreError(failure('InvalidSignatureException', 'client', message), 'reading');
  expect(inspect(error)).not.toContain('s3cret');
});

it('tells bugs from what the network does', () => {
  expect(toStateStoreError(new TypeError('x is undefined'), 'reading').code).toBe('INTERNAL');
});
