import { describe, expect, it } from '@jest/globals';
import { checkOptions } from './producer-options.js';
import type { ProducerOptions } from './producer-options.js';

describe('checkOptions', () => {
  it('adds the defaults that the README names', () => {
    const { now, ...options } = checkOptions({ socketPath: `/${'p'.repeat(102)}` });
    expect(options).toMatchObject({
      whenFull: 'block',
      bufferBytesMax: 8_388_608,
      bufferRowsMax: 10_000,
      frameSizeMax: 134_217_728,
      connectTimeoutMs: 5_000,
      reconnectBaseMs: 100,
      reconnectCapMs: 5_000,
      reconnectAttemptsMax: 0,
    });
    expect(now() / 1_000_000_000_000_000_000n).toBe(1n);
  });

  it.each<[object, string]>([
    [{ whenFull: 'spill' }, "whenFull is 'spill', which is not built yet; expected 'block' or 'drop-newest'"],
    [{ whenFull: 'wait' }, 'whenFull is "wait"'],
    [{ socketPath: '' }, 'socketPath is ""; expected a path of 1 to 10'],
    [{ socketPath: 7 }, 'socketPath is 7; expected a path'],
    [{ socketPath: `/${'p'.repeat(107)}` }, 'expected a path of 1 to 10'],
    [{ bufferBytesMax: 0 }, 'bufferBytesMax is 0; expected a whole number from 1 on'],
    [{ bufferRowsMax: 1.5 }, 'bufferRowsMax is 1.5'],
    [{ frameSizeMax: 1_000 }, 'frameSizeMax is 1000; expected a whole number from 1024 on'],
    [{ reconnectAttemptsMax: -1 }, 'reconnectAttemptsMax is -1'],
  ])('refuses %j', (wrong, message) => {
    const options: ProducerOptions = Object.assign({ socketPath: '/tmp/none' }, wrong);
    expect(() => checkOptions(options)).toThrow(TypeError);
    expect(() => checkOptions(options)).toThrow(message);
  });
});
