import { fileURLToPath } from 'node:url';

/** What every project's jest.config.mjs starts from: native ESM, TypeScript stripped by swc. */
export default {
  testEnvironment: 'node',
  testMatch: ['**/src/**/*.spec.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  testEnvironmentOptions: { customExportConditions: ['@joblet/source', 'node', 'node-addons'] },
  setupFiles: [fileURLToPath(new URL('./jest.setup.mjs', import.meta.url))],
  testTimeout: 30_000,
};
