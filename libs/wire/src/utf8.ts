/** The text of `bytes[start, end)`; bytes that are not UTF-8 become U+FFFD. */
export function utf8String(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
}
