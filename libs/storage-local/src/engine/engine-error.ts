import { StorageError } from '@joblet/storage';
import { WalError } from '@joblet/wal';
import { toStorageError } from '../errors.js';

/** What the store says of a change that failed. */
export function toEngineError(error: unknown, doing: string): StorageError {
  if (!(error instanceof WalError)) return toStorageError(error, doing);
  const code = error.code === 'IO' || error.code === 'QUEUE_FULL' ? 'UNAVAILABLE' : error.code;
  return new StorageError(code, `${doing}: ${error.message}`, { cause: error });
}
