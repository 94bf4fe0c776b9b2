import preset from '../../jest.preset.mjs';

export default { ...preset, displayName: 'crash', testTimeout: 300_000 };
