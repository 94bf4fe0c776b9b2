import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { inflateStart } from './gzip-member.js';

const NEWLINE = 0x0a;
const MIB = 2 ** 20;

describe('the beginning of a deflate stream', () => {
  it('is inflated no further than to the limit, or to the byte that is looked for', async () => {
    const endless = deflateRawSync(Buffer.alloc(64 * MIB, '{'));
    expect((await inflateStart(endless, NEWLINE, MIB))?.length).toBeLessThan(2 * MIB);
    const rows = deflateRawSync(Buffer.alloc(8 * MIB, '{"sequence":1}\n'));
    const start = await inflateStart(rows, NEWLINE, MIB);
    expect(start?.includes(NEWLINE)).toBe(true);
    expect(start?.length).toBeLessThan(MIB / 4);
  });

  it('is what is there of one that is cut, and nothing of what is none', async () => {
    const cut = deflateRawSync(Buffer.from('{"sequence":1}')).subarray(0, -3);
    expect('{"sequence":1}'.startsWith(String(await inflateStart(cut, NEWLINE, MIB)))).toBe(true);
    expect(await inflateStart(Buffer.alloc(40, 0xff), NEWLINE, MIB)).toBeUndefined();
  });
});
