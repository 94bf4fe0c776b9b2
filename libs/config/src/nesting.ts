import { LineCounter, Parser, type CST } from 'yaml';
import type { Position } from './config-error.js';
import { NESTING_MAX } from './limits.js';

/**
 * Where sections and lists are nested deeper than NESTING_MAX. The parser of tokens needs no stack for it; what makes
 * values of them does, and a stack that ends inside of a regular expression ends the process.
 */
export function whereTooDeep(text: string): Position | undefined {
  const lines = new LineCounter();
  let level: readonly CST.Token[] = [...new Parser(lines.addNewLine).parse(text)].flatMap(collectionsIn);
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > NESTING_MAX) {
      const { line, col } = lines.linePos(level[0].offset);
      return { line, column: col };
    }
    level = level.flatMap(collectionsIn);
  }
  return undefined;
}

/** Without what is in them in turn. */
function collectionsIn(token: CST.Token): readonly CST.Token[] {
  const parts =
    token.type === 'document'
      ? [token.value]
      : 'items' in token
        ? token.items.flatMap((item) => [item.key, item.value])
        : [];
  return parts.filter((part) => part !== null && part !== undefined).filter((part) => 'items' in part);
}
