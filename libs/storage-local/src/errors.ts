import { StorageError, type StorageErrorCode } from '@joblet/storage';

/** The `code` of a system or zlib error. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

const NO_SPACE = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const UNAVAILABLE = new Set([
  'EIO',
  'EROFS',
  'EACCES',
  'EPERM',
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'ENOENT',
  'ENOTDIR',
]);

/** Whatever failed while `doing` something, as the contract's error. */
export function toStorageError(error: unknown, doing: string): StorageError {
  if (error instanceof StorageError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new StorageError(contractCode(errorCode(error)), `${doing}: ${message}`, { cause: error });
}

function contractCode(systemCode: string | undefined): StorageErrorCode {
  if (systemCode === undefined) return 'INTERNAL';
  if (NO_SPACE.has(systemCode)) return 'NO_SPACE';
  return UNAVAILABLE.has(systemCode) ? 'UNAVAILABLE' : 'INTERNAL';
}

/** Whether a file or directory is simply not there. */
export function isMissing(error: unknown): boolean {
  return errorCode(error) === 'ENOENT';
}
