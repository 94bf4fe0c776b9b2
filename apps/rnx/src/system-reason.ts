const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'no permission',
  EPERM: 'no permission',
  ENOENT: 'no such file or folder',
  ENOTDIR: 'no such folder',
  EISDIR: 'it is a folder',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left on the device; make room or write elsewhere',
  EDQUOT: 'the disk quota is used up; make room or write elsewhere',
  EIO: 'the device reports an error',
};

/** Why the system refused, in words; its own words for what is not known here. */
export function systemReason(error: Error): string {
  const code = 'code' in error ? String(error.code) : '';
  return Object.hasOwn(REASONS, code) ? `${REASONS[code]} (${code})` : error.message;
}
