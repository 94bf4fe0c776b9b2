/** What stands for a secret. */
export const MASK = '***';

/** A key such as `secret_key_file` or `key_prefix` is none. `store_secrets` says what happens to those of jobs. */
const SECRET_KEY =
  /(?<!^store_)(?:passw(?:or)?d|passphrase|pass|pwd|secrets?|token|credentials?|authorization|cookie|key)$/i;

/** `user:password@` or `token@` of a URL, up to the last @: a password that is not escaped may have any other sign. */
const USER_INFO = /(?<=:\/\/)([^\s/@:]*)(:?)(?:.*)(?=@)/gs;

/** `password=…` of a connection string or a query. */
const PARAMETER =
  /((?:passw(?:or)?d|pwd|passphrase|secret|token|key|signature|credential)\s*=\s*)(?:'(?:[^'\\]|\\.)*'?|"(?:[^"\\]|\\.)*"?|[^\s&;]+)/gi;

/** Whether values under this key are never shown. A key such as `key_file` holds a path, which is. */
export function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key);
}

/** Text without what is secret under any key: passwords in URLs and connection strings, PEM private keys. */
export function maskText(text: string): string {
  if (/PRIVATE KEY/.test(text)) return MASK;
  return text
    .replaceAll(USER_INFO, (_all, user: string, colon: string) => (colon === '' ? MASK : `${user}:${MASK}`))
    .replaceAll(PARAMETER, (_all, name: string) => name + MASK);
}

/** A key without what is secret: `{password:x}`, without a space, is the key `password:x`. */
export function maskKey(key: string): string {
  const [, name, sign] = /^([^:=]*)([:=])/.exec(key) ?? [];
  return name !== undefined && isSecretKey(name.trim()) ? `${name}${sign}${MASK}` : maskText(key);
}
