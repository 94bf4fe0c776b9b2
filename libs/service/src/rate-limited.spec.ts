import { describe, expect, it } from '@jest/globals';
import { RATE_LIMITED_KINDS_MAX } from './limits.js';
import { rateLimited } from './rate-limited.js';

function setUp() {
  const lines: unknown[] = [];
  let nowMs = 50;
  const write = (level: string) => (fields: object, message: string) => lines.push([level, fields, message]);
  const log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  const limited = rateLimited(log, { intervalMs: 1_000, now: () => nowMs });
  return {
    limited,
    lines,
    at: (ms: number) => {
      nowMs = 50 + ms;
    },
  };
}

describe('rateLimited', () => {
  it('logs the first at once, then one an interval with the number left out', () => {
    const { limited, lines, at } = setUp();
    for (const ms of [0, 1, 999, 1_000, 1_001, 2_000, 9_000]) {
      at(ms);
      limited('warn', 'decode', { ms }, 'bad frame');
    }
    expect(lines).toEqual([
      ['warn', { ms: 0 }, 'bad frame'],
      ['warn', { ms: 1_000, suppressed: 2 }, 'bad frame'],
      ['warn', { ms: 2_000, suppressed: 1 }, 'bad frame'],
      ['warn', { ms: 9_000 }, 'bad frame'],
    ]);
  });

  it('keeps kinds apart', () => {
    const { limited, lines } = setUp();
    limited('warn', 'a', {}, 'a');
    limited('error', 'b', {}, 'b');
    limited('error', 'b', {}, 'b');
    expect(lines).toEqual([
      ['warn', {}, 'a'],
      ['error', {}, 'b'],
    ]);
  });

  it('forgets the oldest kind when there are too many', () => {
    const { limited, lines } = setUp();
    for (let kind = 0; kind <= RATE_LIMITED_KINDS_MAX; kind++) limited('info', String(kind), {}, 'm');
    limited('info', '0', {}, 'again');
    limited('info', String(RATE_LIMITED_KINDS_MAX), {}, 'not again');
    expect(lines).toHaveLength(RATE_LIMITED_KINDS_MAX + 2);
    expect(lines.at(-1)).toEqual(['info', {}, 'again']);
  });
});
