import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { SecretKey } from './secret-keys.js';

const CIPHER = 'aes-256-gcm';
/** What NIST SP 800-38D advises; random ones allow 2^32 seals with one key. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SEALED = /^v1\.([0-9a-f]{16})\.([A-Za-z0-9_-]+)$/;

/**
 * The text, sealed for this place: `v1.<key id>.<nonce, ciphertext and tag in base64url>`. It opens nowhere else, so that
 * nobody can put one job's secrets into another.
 */
export function seal(
  text: string,
  place: string,
  key: SecretKey,
  nonce: Uint8Array = randomBytes(NONCE_BYTES),
): string {
  const cipher = createCipheriv(CIPHER, key.bytes, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(place));
  const parts = [nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()];
  return `v1.${key.id}.${Buffer.concat(parts).toString('base64url')}`;
}

export type Opened =
  | { readonly text: string }
  | { readonly problem: 'unknown key'; readonly keyId: string }
  | { readonly problem: 'damaged' };

export function open(sealed: string, place: string, keys: readonly SecretKey[]): Opened {
  const [, keyId, encoded] = SEALED.exec(sealed) ?? [];
  if (keyId === undefined) return { problem: 'damaged' };
  const key = keys.find(({ id }) => id === keyId);
  if (key === undefined) return { problem: 'unknown key', keyId };
  const bytes = Buffer.from(encoded, 'base64url');
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return { problem: 'damaged' };
  const decipher = createDecipheriv(CIPHER, key.bytes, bytes.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(Buffer.from(place));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  const text = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
  try {
    return { text: Buffer.concat([text, decipher.final()]).toString('utf8') };
  } catch {
    // Another key with the same id, another place, or other bytes: the tag does not tell which.
    return { problem: 'damaged' };
  }
}
