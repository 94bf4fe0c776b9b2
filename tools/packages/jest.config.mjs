import preset from '../../jest.preset.mjs';

export default { ...preset, displayName: 'packages', testTimeout: 180_000 };
