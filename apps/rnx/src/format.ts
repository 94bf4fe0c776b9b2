const UNITS = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

/** For a person: `512 B`, `1.5 KiB`, `12.3 MiB`. */
export function formatBytes(bytes: bigint): string {
  if (bytes < 1_024n) return `${bytes} B`;
  let tenths = bytes * 10n;
  let unit = -1;
  while (tenths >= 10_240n && unit < UNITS.length - 1) {
    tenths /= 1_024n;
    unit++;
  }
  return `${tenths / 10n}.${tenths % 10n} ${UNITS[unit]}`;
}

/** `1 line`, `2 lines`. */
export function plural(count: bigint | number, noun: string): string {
  return `${count} ${noun}${BigInt(count) === 1n ? '' : 's'}`;
}
