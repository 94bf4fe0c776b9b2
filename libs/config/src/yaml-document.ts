import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Node,
  type YAMLError,
} from 'yaml';
import { ConfigError, type ConfigProblem, type Position } from './config-error.js';
import { ALIAS_COUNT_MAX } from './limits.js';

/** A YAML file as plain values, and where in the text they are. */
export interface YamlDocument {
  /** undefined for an empty file. */
  readonly root: unknown;
  /** Where the key is, or its nearest ancestor that the file spells out. */
  position(path: readonly string[]): Position | undefined;
  /** A scalar as it is written; undefined for what is not a plain scalar at exactly this path. */
  source(path: readonly string[]): string | undefined;
  /** What the parser finds odd but readable, such as unknown tags. */
  readonly warnings: readonly { readonly position: Position; readonly message: string }[];
}

/** ConfigError, with line and column, for text that is not one YAML document without duplicate keys. */
export function parseYaml(text: string, file: string): YamlDocument {
  const lines = new LineCounter();
  const positionAt = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      merge: true,
      prettyErrors: false,
      logLevel: 'error',
    });
    const faults = [...document.errors.map(errorFault), ...aliasFaults(document)];
    if (faults.length > 0)
      throw new ConfigError(faults.map(({ found, offset }) => yamlProblem(file, found, positionAt(offset))));
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
      warnings: document.warnings.map(({ pos, message }) => ({ position: positionAt(pos[0]), message })),
    };
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    // What yaml throws: too many aliases, a merge of what is no map, nesting deeper than the stack.
    const found = error instanceof Error ? error.message : String(error);
    throw new ConfigError([yamlProblem(file, found)], { cause: error });
  }
}

function yamlProblem(file: string, found: string, position?: Position): ConfigProblem {
  return { file, path: '', found, expected: 'valid YAML', ...(position && { position }) };
}

interface Fault {
  readonly found: string;
  readonly offset: number;
}

function errorFault({ code, message, pos }: YAMLError): Fault {
  return { found: code === 'MULTIPLE_DOCS' ? 'more than one document' : message, offset: pos[0] };
}

/** Aliases without an anchor, and those inside their own anchor: their values would have no end. */
function aliasFaults(document: Document.Parsed): readonly Fault[] {
  const faults: Fault[] = [];
  visit(document, {
    Alias(_key, alias, ancestors) {
      const target = alias.resolve(document);
      const where = target === undefined ? 'without an anchor' : 'inside its own anchor';
      if (target === undefined || ancestors.includes(target))
        faults.push({ found: `alias *${alias.source} ${where}`, offset: alias.range?.[0] ?? 0 });
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
    if (isAlias(node)) node = node.resolve(document);
    const pair = isMap(node)
      ? node.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === name)
      : undefined;
    if (pair === undefined || !isScalar(pair.key)) return { offset, node: undefined };
    offset = pair.key.range?.[0];
    node = pair.value;
  }
  return { offset, node: isScalar(node) || isMap(node) || isSeq(node) ? node : undefined };
}
