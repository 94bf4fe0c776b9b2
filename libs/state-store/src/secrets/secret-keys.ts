import { createHash } from 'node:crypto';
import { StateStoreError } from '../state-store-error.js';

export interface SecretKey {
  /** Stored with what the key seals: 16 hexadecimal digits of a hash of the key. */
  readonly id: string;
  /** 32 bytes. */
  readonly bytes: Uint8Array;
}

const KEY_BYTES = 32;

/**
 * The keys of a text: 32 bytes each, in base64 or hexadecimal digits, one a line; lines that are empty or start with `#`
 * are left out. The first one seals, all of them open: to change the key, put the new one above the old. Throws
 * INVALID_ARGUMENT, which names the line and not what is in it.
 */
export function readSecretKeys(text: string): readonly SecretKey[] {
  const keys: SecretKey[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const key = line.trim();
    if (key === '' || key.startsWith('#')) continue;
    const bytes = bytesOf(key);
    if (bytes?.length !== KEY_BYTES) {
      throw new StateStoreError(
        'INVALID_ARGUMENT',
        `line ${index + 1} of the secret keys has ${bytes?.length ?? key.length} ${bytes ? 'bytes' : 'characters that are neither base64 nor hexadecimal'}; expected a key of ${KEY_BYTES} bytes, in base64 or as ${KEY_BYTES * 2} hexadecimal digits`,
      );
    }
    keys.push({ id: idOf(bytes), bytes });
  }
  if (keys.length > 0) return keys;
  throw new StateStoreError(
    'INVALID_ARGUMENT',
    'the secret keys are empty; expected a key in the first line',
  );
}

function bytesOf(key: string): Buffer | undefined {
  if (/^[0-9a-fA-F]{64}$/.test(key)) return Buffer.from(key, 'hex');
  // Takes base64url too.
  return /^[A-Za-z0-9+/_-]+={0,2}$/.test(key) ? Buffer.from(key, 'base64') : undefined;
}

function idOf(bytes: Uint8Array): string {
  return createHash('sha256').update('joblet state key').update(bytes).digest('hex').slice(0, 16);
}
