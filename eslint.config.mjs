import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

/** What tests of any layer may import from outside. */
const FOR_TESTS = ['@jest/globals', 'fast-check'];

/** Who may import whom: docs/architecture.md has the same table in words. */
const depConstraints = [
  {
    sourceTag: 'layer:proto',
    onlyDependOnLibsWithTags: [],
    allowedExternalImports: ['@bufbuild/protobuf', ...FOR_TESTS],
  },
  {
    sourceTag: 'layer:codec',
    onlyDependOnLibsWithTags: ['layer:proto', 'layer:codec'],
    allowedExternalImports: ['@bufbuild/protobuf', ...FOR_TESTS],
  },
  { sourceTag: 'layer:engine', onlyDependOnLibsWithTags: [], allowedExternalImports: FOR_TESTS },
  {
    sourceTag: 'layer:contract',
    onlyDependOnLibsWithTags: ['layer:proto', 'layer:codec'],
    allowedExternalImports: ['lossless-json', ...FOR_TESTS],
  },
  { sourceTag: 'layer:backend', onlyDependOnLibsWithTags: ['layer:contract', 'layer:codec', 'layer:engine'] },
  { sourceTag: 'layer:config', onlyDependOnLibsWithTags: ['layer:contract'] },
  { sourceTag: 'layer:service', onlyDependOnLibsWithTags: ['layer:contract'] },
  {
    sourceTag: 'layer:client',
    onlyDependOnLibsWithTags: ['layer:proto', 'layer:codec', 'layer:engine', 'layer:contract'],
  },
  {
    sourceTag: 'layer:app',
    onlyDependOnLibsWithTags: [
      'layer:proto',
      'layer:codec',
      'layer:engine',
      'layer:contract',
      'layer:backend',
      'layer:config',
      'layer:service',
      'layer:client',
    ],
  },
  { sourceTag: 'layer:testing', onlyDependOnLibsWithTags: [] },
  { sourceTag: 'layer:tool', onlyDependOnLibsWithTags: ['*'] },
  { sourceTag: 'layer:example', onlyDependOnLibsWithTags: ['layer:contract'] },
];

/** What tests may import besides: the servers that they run against. */
const depConstraintsOfTests = depConstraints.map((constraint) => ({
  ...constraint,
  onlyDependOnLibsWithTags: [...constraint.onlyDependOnLibsWithTags, 'layer:testing'],
}));

const moduleBoundaries = (constraints) => ({
  '@nx/enforce-module-boundaries': [
    'error',
    {
      enforceBuildableLibDependency: true,
      allow: ['jest\\.preset\\.mjs$'],
      depConstraints: constraints,
      banTransitiveDependencies: true,
    },
  ],
});

export default [
  { ignores: ['**/dist/**', '**/out-tsc/**', '**/coverage/**', '**/src/gen/**', '.nx/**'] },
  ...tseslint.configs.strict,
  ...nx.configs['flat/base'],
  {
    files: ['**/*.ts', '**/*.mjs', '**/*.js'],
    rules: moduleBoundaries(depConstraints),
  },
  {
    files: ['**/*.spec.ts', '**/src/testing/**'],
    rules: moduleBoundaries(depConstraintsOfTests),
  },
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/return-await': ['error', 'in-try-catch'],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off',
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
];
