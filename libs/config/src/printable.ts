import { maskKey } from './secrets.js';

/** Whatever moves the cursor, ends the line, cannot be seen, or turns the direction of the text; a plain space does not. */
const UNPRINTABLE = /(?! )[\p{C}\p{Z}]/gu;

/** Text in one line that shows every character: those that do not print as JSON escapes them. */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, (character) =>
    Array.from({ length: character.length }, (_, index) => escaped(character.charCodeAt(index))).join(''),
  );
}

function escaped(codeUnit: number): string {
  return `\\u${codeUnit.toString(16).padStart(4, '0')}`;
}

/** Text as a JSON string whose every character prints. */
export function quoted(text: string): string {
  return printable(JSON.stringify(text));
}

/** A key as messages have it: without secrets, and quoted if anything in it does not print. */
export function shownKey(key: string): string {
  const masked = maskKey(key);
  return printable(masked) === masked ? masked : quoted(masked);
}

/** A path as messages have it. */
export function shownPath(path: readonly string[]): string {
  return path.map(shownKey).join('.');
}
