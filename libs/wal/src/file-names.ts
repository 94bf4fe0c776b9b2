/** `00000000000004d2.wal`: the position of the first record in hexadecimal, so that names sort as positions do. */
export function segmentName(firstPosition: bigint): string {
  return `${firstPosition.toString(16).padStart(16, '0')}.wal`;
}

/** Undefined for a file that is no segment by its name. */
export function positionOfName(name: string): bigint | undefined {
  return /^[0-9a-f]{16}\.wal$/.test(name) ? BigInt(`0x${name.slice(0, 16)}`) : undefined;
}

/** A segment that was trimmed, to be used again: `00000000000004d2.spare`. */
export function spareName(firstPosition: bigint): string {
  return `${firstPosition.toString(16).padStart(16, '0')}.spare`;
}

export function isSpareName(name: string): boolean {
  return /^[0-9a-f]{16}\.spare$/.test(name);
}

/** An empty file beside the newest segment, by whose position it is called: should that be taken away, this tells it. */
export function markName(firstPosition: bigint): string {
  return `${firstPosition.toString(16).padStart(16, '0')}.newest`;
}

/** Undefined for a file that is no mark. */
export function positionOfMark(name: string): bigint | undefined {
  return /^[0-9a-f]{16}\.newest$/.test(name) ? BigInt(`0x${name.slice(0, 16)}`) : undefined;
}

/** Names the log: 32 hexadecimal digits and a newline. */
export const ID_FILE = 'id';
