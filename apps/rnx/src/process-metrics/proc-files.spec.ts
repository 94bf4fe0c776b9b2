import { describe, expect, it } from '@jest/globals';
import { parseIo, parseResidentBytes, parseStat } from './proc-files.js';

describe('parseStat', () => {
  const behind =
    'S 100 200 300 0 -1 4194560 121 0 0 0 7 5 11 13 20 0 1 0 987654321 2654208 391 18446744073709551615 1 1 0 0 0 0 0';

  it.each(['bash', 'a b', 'a) S 1 2 3', '((', ') (', ''])('reads behind the name %p', (name) => {
    expect(parseStat(`42 (${name}) ${behind}`)).toEqual({
      parent: 100,
      session: 300,
      ticks: 12,
      childTicks: 24,
      startTime: '987654321',
    });
  });

  it('refuses what it cannot read', () => {
    expect(() => parseStat('42 (bash) S x')).toThrow(
      'field 4 of /proc/PID/stat is x; expected a whole number',
    );
    expect(() => parseStat('')).toThrow('expected a whole number');
  });
});

describe('parseResidentBytes', () => {
  it('reads VmRSS; a zombie has none', () => {
    expect(parseResidentBytes('Name:\tx\nVmHWM:\t    9 kB\nVmRSS:\t    3456 kB\n')).toBe(3_538_944n);
    expect(parseResidentBytes('Name:\tVmRSS: 5 kB\n')).toBe(0n);
  });
});

describe('parseIo', () => {
  it('reads disk bytes and system calls', () => {
    const text =
      'rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 18446744073709551615\nwrite_bytes: 6\ncancelled_write_bytes: 7\n';
    expect(parseIo(text)).toEqual({ readBytes: 2n ** 64n - 1n, writeBytes: 6n, readOps: 3n, writeOps: 4n });
    expect(parseIo('')).toEqual({ readBytes: 0n, writeBytes: 0n, readOps: 0n, writeOps: 0n });
  });
});
