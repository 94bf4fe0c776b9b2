import type * as z from 'zod';
import type { ConfigProblem } from './config-error.js';
import type { FileLayout } from './file-layout.js';
import { isSection, valueAt } from './known-keys.js';
import { SHOWN_VALUE_CHARS_MAX } from './limits.js';
import { isSecretKey, maskText } from './secrets.js';
import type { YamlDocument } from './yaml-document.js';

/** A file that was read. */
export interface Source {
  readonly file: string;
  readonly document: YamlDocument;
  readonly layout: FileLayout;
}

/** What was checked, and where it came from. */
export interface Checked {
  readonly nested: Record<string, unknown>;
  readonly baseDir: string;
  /** Absent: there is no file. */
  readonly source: Source | undefined;
  /** Dotted paths whose value an environment variable gives, and its name. */
  readonly overridden: ReadonlyMap<string, string>;
}

const BASE_DIR = ['persist', 'storage', 'base_dir'];

/**
 * One problem for each path: a value that fails one check often fails the next. A value that nobody gave is below
 * base_dir, so that base_dir is what has to change.
 */
export function schemaProblems(error: z.ZodError, checked: Checked): readonly ConfigProblem[] {
  const problems = new Map<string, ConfigProblem>();
  for (const { path, input, code, message } of error.issues) {
    const keys = path.map(String);
    const isGiven = valueAt(checked.nested, keys) !== undefined;
    const problem = isGiven
      ? problemAt(keys, input, message, code, checked)
      : problemAt(
          BASE_DIR,
          checked.baseDir,
          `a shorter path, so that ${keys.join('.')} is ${message}`,
          code,
          checked,
        );
    if (!problems.has(problem.path)) problems.set(problem.path, problem);
  }
  return [...problems.values()];
}

function problemAt(
  keys: readonly string[],
  input: unknown,
  expected: string,
  code: string,
  { source, overridden }: Checked,
): ConfigProblem {
  const name = keys.join('.');
  const variable = overridden.get(name);
  if (variable !== undefined)
    return { file: 'environment', path: variable, found: describe(input), expected };
  if (source === undefined) return { file: 'defaults', path: name, found: describe(input), expected };
  const inFile = source.layout.inFile(keys);
  const position = source.document.position(inFile);
  const isSecret = isSecretKey(keys.at(-1) ?? '');
  return {
    file: source.file,
    path: inFile.join('.'),
    found: isSecret ? 'a value of another kind' : describe(input, source.document.source(inFile), code),
    expected,
    ...(position && { position }),
  };
}

/** A value in the words of a message; numbers as the file has them, not as a double rounds them. */
export function describe(value: unknown, written?: string, issueCode?: string): string {
  if (typeof value === 'string') {
    const text = maskText(value);
    const shown = text.length > SHOWN_VALUE_CHARS_MAX ? `${text.slice(0, SHOWN_VALUE_CHARS_MAX)}…` : text;
    return JSON.stringify(shown) + (issueCode === 'invalid_type' ? ' (text)' : '');
  }
  if (Array.isArray(value)) return 'a list';
  if (isSection(value)) return 'a section';
  return written ?? String(value);
}
