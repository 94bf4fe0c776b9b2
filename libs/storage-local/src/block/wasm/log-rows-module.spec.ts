import { afterEach, describe, expect, it } from '@jest/globals';
import { filterBits } from '../../block-index/filter.js';
import { MEMBER_TEXT_BYTES_MAX, SLICE_BYTES_MAX, SLICE_ROWS_MAX } from '../../limits.js';
import { openLogRowsModule } from './log-rows-module.js';

describe('the WebAssembly module', () => {
  afterEach(() => {
    delete process.env['JOBLET_NO_WASM'];
  });

  it('has room for a slice, a member, and the filter of the longest text that it takes', () => {
    const module = openLogRowsModule();
    expect(module?.input.length).toBeGreaterThanOrEqual(SLICE_BYTES_MAX);
    expect(module?.inputLengths.length).toBeGreaterThanOrEqual(SLICE_ROWS_MAX);
    expect(module?.text.length).toBeGreaterThanOrEqual(MEMBER_TEXT_BYTES_MAX);
    expect(8 * (module?.filter.byteLength ?? 0)).toBeGreaterThanOrEqual(
      2 ** filterBits(module?.text.length ?? 0),
    );
  });

  it('is left out when the environment says so', () => {
    process.env['JOBLET_NO_WASM'] = '1';
    expect(openLogRowsModule()).toBeUndefined();
  });
});
