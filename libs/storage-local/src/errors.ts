import { StorageError, type StorageErrorCode } from '@joblet/storage';
import { errorCode } from './disk/error-code.js';

export { errorCode };

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
  return new StorageError(contractCode(errorCode(error)), `${doing}: ${reasonOf(error)}`, { cause: error });
}

/** What an operator can do about it; the system's own words for what is not here. */
const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on the disk; make room',
  EDQUOT: 'the disk quota is used up; make room or raise it',
  EFBIG: 'the file would be larger than allowed; raise the limit (ulimit -f)',
  EIO: 'the disk reports an error; see the log of the kernel',
  EROFS: 'the file system is read-only; mount it writable or use another directory',
  EACCES: 'no permission',
  EPERM: 'no permission',
  EEXIST: 'a file is where a folder has to be; move it away or use another directory',
  ENOTDIR: 'a file is where a folder has to be; move it away or use another directory',
  ENOENT: 'it is missing; check the path',
  ENAMETOOLONG: 'the path is too long for the system; use a directory with a shorter path',
  ELOOP: 'symbolic links lead in a circle, or there are too many; mend them or use another directory',
  EMFILE: 'too many open files; raise the limit (ulimit -n)',
  ENFILE: 'too many open files on this machine; raise the limit (fs.file-max)',
};

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = errorCode(error);
  const remedy = code === undefined ? undefined : REMEDIES[code];
  if (remedy === undefined) return error.message;
  const where = 'path' in error ? `${String(error.path)}: ` : '';
  return `${where}${remedy}${code === 'EACCES' || code === 'EPERM' ? forUser() : ''} (${code})`;
}

function forUser(): string {
  const user = process.getuid === undefined ? 'this user' : `user id ${process.getuid()}`;
  return ` for ${user}; change its owner or mode, or run as its owner`;
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
