import { spawnSync } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { moduleResolve } from 'import-meta-resolve';
import { ModuleError } from './module-error.js';
import { messageOf } from './to-error.js';

export interface ModulePlaces {
  /** Absolute: relative paths start here, and packages are looked for in its node_modules and those above. */
  readonly folder: string;
  /** `import.meta.url` of the service: where packages are looked for next. */
  readonly service: string;
}

/** What a module exports by default. */
export type DefaultFunction = (...args: unknown[]) => unknown;

/**
 * The function that somebody else's module exports by default. `specifier` is a path (it starts with `./`, `../` or `/`,
 * and names a file, or a folder with a package in it) or the name of a package. Rejects with ModuleError.
 */
export async function loadModule(specifier: string, places: ModulePlaces): Promise<DefaultFunction> {
  const url = isModulePath(specifier)
    ? await resolvePath(specifier, resolve(places.folder, specifier))
    : await resolveName(specifier, places);
  let loaded: { default?: unknown };
  try {
    loaded = (await import(url)) as { default?: unknown };
  } catch (error) {
    throw new ModuleError(
      'BROKEN',
      specifier,
      `${placeOf(url)} cannot be loaded: ${loadProblem(error, url)}`,
      error,
    );
  }
  const value = loaded.default;
  // A CommonJS module that was compiled from `export default` has one more object around it.
  const found = isSection(value) && typeof value.default === 'function' ? value.default : value;
  if (isFunction(found) && !isClass(found)) return found;
  const what = found === undefined ? 'no default export' : `a default export that is ${describe(found)}`;
  throw new ModuleError(
    'NO_FUNCTION',
    specifier,
    `${placeOf(url)} has ${what}, expected \`export default\` of a function`,
  );
}

/** Whether it is a path, not the name of a package. */
export function isModulePath(specifier: string): boolean {
  return /^\.{0,2}\//.test(specifier) || specifier === '.' || specifier === '..';
}

async function resolvePath(specifier: string, path: string): Promise<string> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => error);
  if (found instanceof Error) {
    const problem =
      found.code === 'ENOENT' ? `there is no file ${path}` : `${path} cannot be read: ${found.message}`;
    throw new ModuleError('NOT_FOUND', specifier, problem, found);
  }
  if (!found.isDirectory()) return pathToFileURL(path).href;
  try {
    return await resolvePackageFolder(path);
  } catch (error) {
    const problem = `the folder ${path} has no package.json that names an entry, and no index.js`;
    throw new ModuleError('NOT_FOUND', specifier, `${problem} (${messageOf(error)})`, error);
  }
}

/** As `import` of the package by its name does from inside of it: by `exports`, else by `main`, else index.js. */
async function resolvePackageFolder(path: string): Promise<string> {
  const file = join(path, 'package.json');
  const text = await readFile(file, 'utf8').catch(() => '{}');
  const { name, exports } = JSON.parse(text) as { name?: string; exports?: unknown };
  if (name !== undefined && exports !== undefined) return moduleResolve(name, pathToFileURL(file)).href;
  return pathToFileURL(createRequire(file).resolve(path)).href;
}

async function resolveName(specifier: string, { folder, service }: ModulePlaces): Promise<string> {
  for (const parent of [pathToFileURL(join(folder, '_')), new URL(service)]) {
    try {
      return moduleResolve(specifier, parent).href;
    } catch (error) {
      const isElsewhere = hasCode(error, 'ERR_MODULE_NOT_FOUND') && !(await isInstalled(specifier, parent));
      if (!isElsewhere) throw new ModuleError('NO_ENTRY', specifier, entryProblem(error, parent), error);
    }
  }
  const path = resolve(folder, specifier);
  const hint = (await exists(path)) ? `; for the file ${path} write ./${specifier}` : '';
  const where = `in ${join(folder, 'node_modules')}, the folders above it, or beside the service`;
  throw new ModuleError('NOT_FOUND', specifier, `there is no package of this name ${where}${hint}`);
}

/** Whether there is a package of this name, though perhaps without what is asked for in it. */
async function isInstalled(specifier: string, parent: URL): Promise<boolean> {
  const [, name] = /^((?:@[^/]+\/)?[^/]+)/.exec(specifier) ?? [];
  if (name === undefined) return false;
  for (let folder = dirname(fileURLToPath(parent)); ; folder = dirname(folder)) {
    if (await exists(join(folder, 'node_modules', name, 'package.json'))) return true;
    if (folder === dirname(folder)) return false;
  }
}

function entryProblem(error: unknown, parent: URL): string {
  return `the package is there, but not what it should lead to: ${messageOf(error).replace(` imported from ${fileURLToPath(parent)}`, '')}`;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** What is wrong with the module's own code, and in which line if Node tells. */
function loadProblem(error: unknown, url: string): string {
  if (!(error instanceof Error)) return messageOf(error);
  if (hasCode(error, 'ERR_UNKNOWN_FILE_EXTENSION'))
    return `${error.message}; name the compiled .js or .mjs file`;
  const message = `${error.name}: ${messageOf(error)}`;
  const place =
    error instanceof SyntaxError
      ? syntaxErrorPlace(url)
      : /(file:\S+?:\d+):\d+\)?$/m.exec(error.stack ?? '')?.[1];
  return place === undefined ? message : `${message} (${place.replace('file://', '')})`;
}

/** An error of the parser does not say where it is, except to those who run Node from outside. */
function syntaxErrorPlace(url: string): string | undefined {
  if (!url.startsWith('file:')) return undefined;
  const { stderr } = spawnSync(process.execPath, ['--check', fileURLToPath(url)], { encoding: 'utf8' });
  return /^.*:\d+$/m.exec(stderr)?.[0];
}

function placeOf(url: string): string {
  return url.startsWith('file:') ? fileURLToPath(url) : url;
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  if (isFunction(value)) return 'a class';
  return typeof value === 'string' ? JSON.stringify(value) : `${typeof value} ${String(value)}`;
}

function isFunction(value: unknown): value is DefaultFunction {
  return typeof value === 'function';
}

/** It would have to be called with `new`. */
function isClass(value: DefaultFunction): boolean {
  return /^class\b/.test(Function.prototype.toString.call(value));
}

function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
