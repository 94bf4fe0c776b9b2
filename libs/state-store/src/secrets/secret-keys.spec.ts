import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { StateStoreError } from '../state-store-error.js';
import { readSecretKeys } from './secret-keys.js';

const bytes = randomBytes(32);

describe('readSecretKeys', () => {
  it.each([
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    bytes.toString('base64'),
    bytes.toString('base64url'),
  ])('takes a key of 32 bytes in hexadecimal digits and in base64', (text) => {
    const [key] = readSecretKeys(`${text}\n`);
    expect(Buffer.from(key.bytes)).toEqual(bytes);
    expect(key.id).toMatch(/^[0-9a-f]{16}$/);
    expect(key.id).toBe(readSecretKeys(bytes.toString('hex'))[0].id);
  });

  it('takes several keys, one a line, among blanks and comments', () => {
    const [first, second] = [randomBytes(32), randomBytes(32)];
    const text = `# new\r\n\r\n  ${first.toString('base64')}  \r\n# old\n${second.toString('hex')}`;
    expect(readSecretKeys(text).map((key) => Buffer.from(key.bytes))).toEqual([first, second]);
  });

  it.each([
    ['', /are empty/],
    ['# none\n', /are empty/],
    [randomBytes(31).toString('base64'), /line 1 .* 31 bytes; expected a key of 32/],
    [`${bytes.toString('hex')}\n${'ab'.repeat(33)}`, /line 2 .* 49 bytes/],
    ['a passphrase!', /line 1 .* 13 characters that are neither/],
  ])('refuses others, and does not tell them', (text, message) => {
    let error: unknown;
    try {
      readSecretKeys(text);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(StateStoreError);
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringMatching(message) });
    if (text.length > 9) expect(String(error)).not.toContain(text.slice(0, 9));
  });
});
