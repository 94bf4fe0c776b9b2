// Decimal numbers, in AssemblyScript.

const ZERO: u8 = 0x30;

export function digits(number: u64): u32 {
  // Times in nanoseconds.
  if (number >= 1_000_000_000_000_000_000) return number >= 10_000_000_000_000_000_000 ? 20 : 19;
  let count: u32 = 1;
  for (let power: u64 = 10; number >= power; power *= 10) count++;
  return count;
}

export function signedDigits(number: i64): u32 {
  return number < 0 ? 1 + digits(0 - <u64>number) : digits(<u64>number);
}

export function writeSigned(out: usize, number: i64): usize {
  if (number >= 0) return writeDigits(out, <u64>number);
  store<u8>(out, 0x2d);
  return writeDigits(out + 1, 0 - <u64>number);
}

const BILLION: u64 = 1_000_000_000;

export function writeDigits(out: usize, number: u64): usize {
  if (number < BILLION) return writeShort(out, <u32>number, digits(number));
  const high = number / BILLION;
  if (high < BILLION) {
    out = writeShort(out, <u32>high, digits(high));
  } else {
    const top = high / BILLION;
    out = writeShort(writeShort(out, <u32>top, digits(top)), <u32>(high - top * BILLION), 9);
  }
  return writeShort(out, <u32>(number - high * BILLION), 9);
}

/** `count` digits, with zeros before a number that has fewer. */
function writeShort(out: usize, number: u32, count: u32): usize {
  const end = out + count;
  for (let at = end; at > out;) {
    const tenth = number / 10;
    store<u8>(--at, ZERO + <u8>(number - tenth * 10));
    number = tenth;
  }
  return end;
}
