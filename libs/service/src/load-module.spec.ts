import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

// Jest has a module loader of its own: the real one is asked, in a process of its own.
const BUILT = new URL('../dist/index.js', import.meta.url).href;
const ASK = `
  import { loadModule } from '${BUILT}';
  const [specifier, folder, service] = process.argv.slice(1);
  await loadModule(specifier, { folder, service }).then(
    async (open) => console.log(JSON.stringify({ gives: await open('a', 1) })),
    ({ name, code, message }) => console.log(JSON.stringify({ name, code, message })));`;

let root: string;
beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'load-module-')));
});
afterEach(() => rm(root, { recursive: true }));

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

function load(specifier: string): Record<string, unknown> {
  const places = [join(root, 'etc'), pathToFileURL(join(root, 'app/dist/main.js')).href];
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', ASK, specifier, ...places],
    {
      encoding: 'utf8',
    },
  );
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout.replaceAll(root, '')) as Record<string, unknown>;
}

const GIVES = (what: string): string => `export default async (...args) => ['${what}', ...args];`;

describe('loadModule', () => {
  it.each([
    ['./store.mjs', 'etc/store.mjs', {}],
    ['../other/store.mjs', 'other/store.mjs', {}],
    ['./main', 'etc/main/lib.mjs', { 'etc/main/package.json': '{"main":"lib.mjs"}' }],
    [
      './exports',
      'etc/exports/lib.mjs',
      { 'etc/exports/package.json': '{"name":"x","exports":"./lib.mjs"}' },
    ],
    [
      'package',
      'etc/node_modules/package/index.mjs',
      { 'etc/node_modules/package/package.json': '{"exports":{"import":"./index.mjs"}}' },
    ],
    ['above', 'node_modules/above/index.js', { 'node_modules/above/package.json': '{"type":"module"}' }],
    [
      '@me/ours/deep',
      'app/node_modules/@me/ours/d.mjs',
      { 'app/node_modules/@me/ours/package.json': '{"exports":{"./deep":"./d.mjs"}}' },
    ],
  ])('finds %s', async (specifier, path, more) => {
    await mkdir(join(root, 'etc'));
    for (const [file, text] of Object.entries<string>(more)) await put(file, text);
    await put(path, GIVES(path));
    expect(load(specifier)).toEqual({ gives: [path, 'a', 1] });
  });

  it('takes an absolute path, and CommonJS as compilers write it', async () => {
    await put('x.cjs', 'exports.__esModule = true; exports.default = (...args) => args;');
    expect(load(join(root, 'x.cjs'))).toEqual({ gives: ['a', 1] });
  });

  it("prefers the configuration's packages to the service's", async () => {
    for (const folder of ['etc', 'app']) {
      await put(`${folder}/node_modules/p/package.json`, '{"type":"module"}');
      await put(`${folder}/node_modules/p/index.js`, GIVES(folder));
    }
    expect(load('p')).toEqual({ gives: ['etc', 'a', 1] });
  });

  it.each([
    ['./gone.mjs', 'NOT_FOUND', 'there is no file /etc/gone.mjs'],
    [
      './folder',
      'NOT_FOUND',
      /^the folder \/etc\/folder has no package.json that names an entry, and no index.js \(/,
    ],
    [
      'gone',
      'NOT_FOUND',
      'there is no package of this name in /etc/node_modules, the folders above it, or beside the service',
    ],
    ['loud.mjs', 'NOT_FOUND', /or beside the service; for the file \/etc\/loud.mjs write \.\/loud.mjs$/],
    [
      'closed/inside',
      'NO_ENTRY',
      /^the package is there, but not what it should lead to: Package subpath '\.\/inside' is not defined by "exports" in \/etc\/node_modules\/closed\/package.json/,
    ],
    ['./loud.mjs', 'BROKEN', '/etc/loud.mjs cannot be loaded: RangeError: too loud (/etc/loud.mjs:2)'],
    [
      './broken.mjs',
      'BROKEN',
      "/etc/broken.mjs cannot be loaded: SyntaxError: Unexpected token '}' (/etc/broken.mjs:3)",
    ],
    [
      './needs.mjs',
      'BROKEN',
      /^\/etc\/needs.mjs cannot be loaded: Error: Cannot find package 'missing' imported from \/etc\/needs.mjs/,
    ],
    [
      './lib.ts',
      'BROKEN',
      /Unknown file extension "\.ts" for \/etc\/lib.ts; name the compiled \.js or \.mjs file$/,
    ],
    ['./throws.mjs', 'BROKEN', '/etc/throws.mjs cannot be loaded: just text'],
    [
      'unbuilt',
      'NO_ENTRY',
      /^the package is there, but not what it should lead to: Cannot find package '\/etc\/node_modules\/unbuilt\/index.js'$|^the package is there, but not what it should lead to: .*unbuilt/,
    ],
    [
      './service.mjs',
      'NO_FUNCTION',
      '/etc/service.mjs has a default export that is a class, expected `export default` of a function',
    ],
    [
      './named.mjs',
      'NO_FUNCTION',
      '/etc/named.mjs has no default export, expected `export default` of a function',
    ],
    [
      './class.mjs',
      'NO_FUNCTION',
      '/etc/class.mjs has a default export that is an object, expected `export default` of a function',
    ],
    [
      'node:fs',
      'NO_FUNCTION',
      'node:fs has a default export that is an object, expected `export default` of a function',
    ],
  ])('says what is wrong with %s', async (specifier, code, message) => {
    await mkdir(join(root, 'etc/folder'), { recursive: true });
    await put('etc/node_modules/closed/package.json', '{"exports":"./index.js"}');
    await put('etc/loud.mjs', "// loud\nthrow new RangeError('too loud');");
    await put('etc/broken.mjs', '// broken\n\n}');
    await put('etc/needs.mjs', "import 'missing';");
    await put('etc/lib.ts', 'export default () => 1;');
    await put('etc/throws.mjs', "throw 'just text';");
    await put('etc/named.mjs', 'export const open = () => 1;');
    await put('etc/service.mjs', 'export default class Service {}');
    await put('etc/node_modules/unbuilt/package.json', '{"main":"dist/index.js"}');
    await put('etc/class.mjs', 'export default { open() {} };');
    expect(load(specifier)).toEqual({
      name: 'ModuleError',
      code,
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    });
  });
});
