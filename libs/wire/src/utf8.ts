import { SHARED_TEXT_BYTES_MAX } from './limits.js';

let sharedText = '';
let sharedBytes = Buffer.alloc(0);

/** The text of `bytes[start, end)`; bytes that are not UTF-8 become U+FFFD. */
export function utf8String(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
}

/** As `utf8String`; asked for the same text again, as with a job's id row after row, it gives the same string. */
export function sharedString(bytes: Uint8Array, start: number, end: number): string {
  if (end - start === sharedBytes.length) {
    let at = 0;
    while (at < sharedBytes.length && sharedBytes[at] === bytes[start + at]) at++;
    if (at === sharedBytes.length) return sharedText;
  }
  const text = utf8String(bytes, start, end);
  if (end - start <= SHARED_TEXT_BYTES_MAX) {
    sharedText = text;
    sharedBytes = Buffer.from(bytes.subarray(start, end));
  }
  return text;
}
