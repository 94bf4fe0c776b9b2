/** What happened and what to do, for what an operator can do something about. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'no permission',
  EPERM: 'no permission',
  ENOENT: 'no such folder; make it or name another',
  ENOTDIR: 'a file is where a folder has to be; move it away or name another',
  EEXIST: 'a file is where a folder has to be; move it away or name another',
  EISDIR: 'it is a folder; name a file',
  EROFS: 'the file system is read-only; mount it writable or name another place',
  ENOSPC: 'no space left on the disk; make room',
  EDQUOT: 'the disk quota is used up; make room or raise it',
  EMFILE: 'too many open files; raise the limit (ulimit -n)',
  EADDRINUSE: 'another process listens there; stop it or choose another address',
  EADDRNOTAVAIL: 'this machine does not have that address; choose another',
  ENOTFOUND: 'no such host; choose another address',
};

/** Why the system refused, in words and with its code; its own words for what is not known here. */
export function systemReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  if (!Object.hasOwn(REASONS, code)) return error.message;
  const isRefused = code === 'EACCES' || code === 'EPERM';
  return `${REASONS[code]}${isRefused ? forUser() : ''} (${code})`;
}

function forUser(): string {
  const user = process.getuid === undefined ? 'this user' : `user id ${process.getuid()}`;
  return ` for ${user}; change the owner or the mode, or run as its owner`;
}
