/** What stands for a secret. */
export const MASK = '***';

const SECRET_KEY = /(?:password|passwd|passphrase|secret|token|credentials?|authorization|key)$/i;
const PASSWORD_IN_TEXT = /(?<=:\/\/[^\s/@:]*:)\S+(?=@)|(?<=password=)[^\s&]+/gi;

/** Whether values under this key are never shown. A key such as `key_file` holds a path, which is. */
export function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key);
}

/** Text without what is secret under any key: passwords in URLs, PEM private keys. */
export function maskText(text: string): string {
  return text.includes('PRIVATE KEY-----') ? MASK : text.replaceAll(PASSWORD_IN_TEXT, MASK);
}
