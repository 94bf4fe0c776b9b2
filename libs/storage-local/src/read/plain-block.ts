const NEWLINE = 0x0a;
const ZERO = 0x30;
const NINE = 0x39;
/** A row of ours has it before its content, in which quotes are escaped. */
const ORDINAL = Buffer.from(',"ordinal":');
/** Digits of a number that a double holds for sure. */
const SAFE_DIGITS = 15;

export interface PlainBlock {
  /** The rows as members have them: without ordinals. A copy. */
  readonly text: Buffer;
  readonly ordinals: BigUint64Array;
}

/** The lines of a block of a plain file; undefined unless they are so many, each written by this store, ordinals ascending. */
export function readPlainBlock(bytes: Buffer, rows: number): PlainBlock | undefined {
  const text = Buffer.allocUnsafeSlow(bytes.length);
  const ordinals = new BigUint64Array(rows);
  let last = -1n;
  let length = 0;
  let pos = 0;
  for (let row = 0; row < rows; row++) {
    const end = bytes.indexOf(NEWLINE, pos) + 1;
    const key = bytes.indexOf(ORDINAL, pos);
    if (end === 0 || key < 0 || key >= end) return undefined;
    let at = key + ORDINAL.length;
    const digits = at;
    let value = 0;
    for (; bytes[at] >= ZERO && bytes[at] <= NINE; at++) value = value * 10 + bytes[at] - ZERO;
    if (at === digits) return undefined;
    const isSafe = at - digits <= SAFE_DIGITS;
    const ordinal = BigInt(isSafe ? value : bytes.toString('latin1', digits, at));
    if (ordinal <= last) return undefined;
    ordinals[row] = last = ordinal;
    length += bytes.copy(text, length, pos, key);
    length += bytes.copy(text, length, at, end);
    pos = end;
  }
  return pos === bytes.length ? { text: text.subarray(0, length), ordinals } : undefined;
}
