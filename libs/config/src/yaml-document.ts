import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Node,
  type Pair,
  type YAMLError,
} from 'yaml';
import {
  ConfigError,
  placeOf,
  type ConfigProblem,
  type ConfigWarning,
  type Position,
} from './config-error.js';
import { ALIAS_COUNT_MAX, NESTING_MAX } from './limits.js';
import { whereTooDeep } from './nesting.js';
import { printable } from './printable.js';

/** A YAML file as plain values, and where in the text they are. */
export interface YamlDocument {
  /** undefined for an empty file. */
  readonly root: unknown;
  /** Where the key is, or its nearest ancestor that the file spells out. */
  position(path: readonly string[]): Position | undefined;
  /** A scalar as it is written; undefined for what is not a plain scalar at exactly this path. */
  source(path: readonly string[]): string | undefined;
  /** What is wrong, though the rest can be read: keys that are given twice. */
  readonly problems: readonly ConfigProblem[];
  /** What the parser finds odd but readable, such as unknown tags. */
  readonly warnings: readonly ConfigWarning[];
}

/** ConfigError, with line and column, for text that is not one YAML document. */
export function parseYaml(text: string, file: string): YamlDocument {
  const lines = new LineCounter();
  const positionAt = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const tooDeep = whereTooDeep(text);
  if (tooDeep !== undefined) {
    throw new ConfigError([yamlProblem(file, TOO_DEEP, tooDeep, `at most ${NESTING_MAX} levels`)]);
  }
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      merge: true,
      prettyErrors: false,
      logLevel: 'error',
    });
    const faults = [...document.errors.map((error) => errorFault(error, text)), ...aliasFaults(document)];
    const problems = onePerLine(
      faults.map(({ found, offset, isReadable }) =>
        yamlProblem(file, found, positionAt(offset), isReadable ? 'each key once' : 'valid YAML'),
      ),
    );
    const isReadable = faults.every(({ isReadable }) => isReadable);
    if (!isReadable) throw new ConfigError(problems);
    return {
      root: document.toJS({ maxAliasCount: ALIAS_COUNT_MAX }) ?? undefined,
      position: (path) => {
        const { offset } = locate(document, path);
        return offset === undefined ? undefined : positionAt(offset);
      },
      source: (path) => {
        const { node } = locate(document, path);
        return isScalar(node) ? node.source : undefined;
      },
      problems,
      warnings: document.warnings.map(({ pos, message }) => {
        const position = positionAt(pos[0]);
        return { file, path: '', position, message: `${placeOf(file, position)}: ${printable(message)}` };
      }),
    };
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    // What yaml throws besides: too many aliases, a merge of what is no map.
    const found = error instanceof Error ? (THROWN[error.name] ?? error.message) : String(error);
    throw new ConfigError([yamlProblem(file, found)], { cause: error });
  }
}

function yamlProblem(
  file: string,
  found: string,
  position?: Position,
  expected = 'valid YAML',
): ConfigProblem {
  return { file, path: '', found: printable(found), expected, ...(position && { position }) };
}

const TOO_DEEP = 'values that are nested too deeply';

/** Errors of the runtime in words: aliases may nest deeper than the stack. */
const THROWN: Partial<Record<string, string>> = { RangeError: TOO_DEEP };

/** One slip is often several errors for the parser. */
function onePerLine(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  const firsts = new Map<number | undefined, ConfigProblem>();
  for (const problem of problems) {
    if (!firsts.has(problem.position?.line)) firsts.set(problem.position?.line, problem);
  }
  return [...firsts.values()];
}

interface Fault {
  readonly found: string;
  readonly offset: number;
  /** Whether what the file says is clear all the same. */
  readonly isReadable: boolean;
}

/** What the parser says in words that do not help whoever wrote the file. */
const WORDS: Partial<Record<YAMLError['code'], string>> = {
  MULTIPLE_DOCS: 'more than one document',
  TAB_AS_INDENT: 'a tab in the indentation (only spaces are allowed)',
  BAD_INDENT: 'another indentation than that of the lines around it',
  MULTILINE_IMPLICIT_KEY: 'a key without a colon, or text of several lines for a key',
  BLOCK_AS_IMPLICIT_KEY: 'a second colon, or another indentation than that of the lines around it',
};

function errorFault({ code, message, pos }: YAMLError, text: string): Fault {
  const isReadable = code === 'DUPLICATE_KEY';
  const isStar = code === 'BAD_ALIAS' && /^\*\s/.test(text.slice(pos[0], pos[0] + 2));
  const words = isStar ? 'a * without quotes (write "* * * * *")' : (WORDS[code] ?? message);
  const found = isReadable ? `the key ${duplicateAt(text, pos[0])} a second time` : words;
  return { found: found.replaceAll(/\s+/g, ' '), offset: pos[0], isReadable };
}

/** The error has only the beginning of the key. */
function duplicateAt(text: string, offset: number): string {
  return /^[\w.-]+/.exec(text.slice(offset, offset + 100))?.[0] ?? '';
}

/** Aliases without an anchor, and those inside their own anchor: their values would have no end. */
function aliasFaults(document: Document.Parsed): readonly Fault[] {
  const faults: Fault[] = [];
  visit(document, {
    Alias(_key, alias, ancestors) {
      const target = alias.resolve(document);
      const where = target === undefined ? 'without an anchor' : 'inside its own anchor';
      if (target === undefined || ancestors.includes(target))
        faults.push({
          found: `alias *${alias.source} ${where}`,
          offset: alias.range?.[0] ?? 0,
          isReadable: false,
        });
    },
  });
  return faults;
}

/** The offset of the last key on the path that is there, and the node at its end if all are. */
function locate(
  document: Document.Parsed,
  path: readonly string[],
): { readonly offset: number | undefined; readonly node: Node | undefined } {
  let node: unknown = document.contents;
  let offset: number | undefined;
  for (const name of path) {
    const pair = findPair(document, node, name);
    if (pair === undefined || !isScalar(pair.key)) return { offset, node: undefined };
    offset = pair.key.range?.[0];
    node = pair.value;
  }
  if (isAlias(node)) node = node.resolve(document);
  return { offset, node: isScalar(node) || isMap(node) || isSeq(node) ? node : undefined };
}

/** The key's pair in a map, in what an alias stands for, or in what a merge key brings in. */
function findPair(document: Document.Parsed, node: unknown, name: string): Pair | undefined {
  const map = isAlias(node) ? node.resolve(document) : node;
  if (isSeq(map)) return firstOf(map.items, (item) => findPair(document, item, name));
  if (!isMap(map)) return undefined;
  // Of a key that is given twice the last counts; a merge key is a symbol.
  const pairNamed = (key: string): Pair | undefined =>
    map.items.filter((item) => isScalar(item.key) && String(item.key.value) === key).at(-1);
  return pairNamed(name) ?? findPair(document, pairNamed('Symbol(<<)')?.value, name);
}

function firstOf<Item, Result>(
  items: readonly Item[],
  find: (item: Item) => Result | undefined,
): Result | undefined {
  for (const item of items) {
    const result = find(item);
    if (result !== undefined) return result;
  }
  return undefined;
}
