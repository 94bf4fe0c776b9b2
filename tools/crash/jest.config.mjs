import preset from '../../jest.preset.mjs';

export default { ...preset, displayName: 'crash', testTimeout: 120_000 };
