import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { packAll } from './testing/pack.js';
import { run } from './testing/run.js';
import { exampleWorkspaces, publishedWorkspaces, ROOT } from './testing/workspaces.js';

const folder = mkdtempSync(join(tmpdir(), 'joblet-tarballs-'));
const packages = await packAll([...publishedWorkspaces(), ...exampleWorkspaces()], folder);
const named = packages.map((packed) => [packed.manifest.name, packed] as const);
const LICENSE = readFileSync(join(ROOT, 'LICENSE'), 'utf8');

/** What only the checkout needs. */
const NOT_FOR_USERS = [
  /\.(spec|test|fuzz|bench|fixture)\./,
  /testing|testdata|readme-/,
  /tsconfig|tsbuildinfo|jest|out-tsc/,
];

const CODE = /\.([cm]?js|d\.ts)$/;

afterAll(() => rmSync(folder, { recursive: true }));

it('finds the packages', () => {
  expect(packages.length).toBeGreaterThan(11);
});

describe.each(named)('the tarball of %s', (name, { folder: source, manifest, files, tarball }) => {
  it('has the licence, a README and no file that only the checkout needs', async () => {
    expect((await run('tar', ['-xOzf', tarball, 'package/LICENSE'], { cwd: folder })).stdout).toBe(LICENSE);
    expect(files).toContain('README.md');
    expect(files.filter((file) => NOT_FOR_USERS.some((pattern) => pattern.test(file)))).toEqual([]);
  });

  it('has the source of each declaration, so that "go to definition" ends in TypeScript', () => {
    const maps = files.filter((file) => file.endsWith('.d.ts.map'));
    const sources = maps.map((file) => file.replace(/^dist\//, 'src/').replace(/\.d\.ts\.map$/, '.ts'));
    expect(sources.filter((file) => !files.includes(file))).toEqual([]);
  });

  const imports = files
    .filter((file) => CODE.test(file))
    .flatMap((file) => importsOf(join(source, file)).map((specifier) => ({ file, specifier })));

  it('imports packages that it declares, and no others', () => {
    const declared = [name, ...Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })];
    const packages = imports
      .map(({ specifier }) => specifier)
      .filter((specifier) => !specifier.startsWith('.') && !isBuiltin(specifier))
      .map(packageOf);
    expect(packages.filter((specifier) => !declared.includes(specifier))).toEqual([]);
  });

  it('has the files that its files import', () => {
    const paths = imports
      .filter(({ specifier }) => specifier.startsWith('.'))
      .map(({ file, specifier }) => posix.join(dirname(file), inKindOf(file, specifier)));
    expect(paths.filter((path) => !files.includes(path))).toEqual([]);
  });

  it('pleases publint', async () => {
    const { stdout } = await run(join(ROOT, 'node_modules/.bin/publint'), [tarball, '--strict'], {
      cwd: ROOT,
    });
    expect(stdout).toContain('All good!');
  });

  it('pleases attw', async () => {
    await run(join(ROOT, 'node_modules/.bin/attw'), ['--profile', 'esm-only', tarball], { cwd: ROOT });
  });
});

function importsOf(file: string): string[] {
  const { importedFiles } = ts.preProcessFile(readFileSync(file, 'utf8'), true, true);
  return importedFiles.map(({ fileName }) => fileName);
}

/** Declarations name the .js beside which the .d.ts lies. */
function inKindOf(file: string, specifier: string): string {
  return file.endsWith('.d.ts') ? specifier.replace(/\.js$/, '.d.ts') : specifier;
}

/** `@scope/name` of `@scope/name/sub/path`. */
function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}
