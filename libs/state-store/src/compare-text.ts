/**
 * Negative, 0 or positive, in the order of the UTF-8 bytes, which is that of every backend's keys. JavaScript's own order
 * differs: characters beyond U+FFFF come before U+E000 there.
 */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) return codePointRank(left) - codePointRank(right);
  }
  return a.length - b.length;
}

/** Puts the surrogates, halves of characters beyond U+FFFF, behind all other units. */
function codePointRank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
