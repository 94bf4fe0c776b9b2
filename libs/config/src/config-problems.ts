import type * as z from 'zod';
import type { ConfigProblem } from './config-error.js';
import { SECTION } from './fields.js';
import type { FileLayout } from './file-layout.js';
import { isSection, valueAt } from './known-keys.js';
import { SHOWN_VALUE_CHARS_MAX } from './limits.js';
import { nearestKey } from './nearest-key.js';
import { quoted, shownPath } from './printable.js';
import { isSecretKey, maskText } from './secrets.js';
import type { YamlDocument } from './yaml-document.js';

/** A file that was read. */
export interface Source {
  readonly file: string;
  readonly document: YamlDocument;
  readonly layout: FileLayout;
}

/** What is checked, and where it came from. */
export interface Checked {
  readonly nested: Record<string, unknown>;
  readonly baseDir: string;
  /** Absent: there is no file. */
  readonly source: Source | undefined;
  /** Dotted paths whose value an environment variable gives, and its name. */
  readonly overridden: ReadonlyMap<string, string>;
}

/** What is wrong at a path of the nested form. */
export interface Fault {
  readonly path: readonly string[];
  readonly found: string;
  readonly expected: string;
  readonly nearest?: string | undefined;
  /** The path whose place in the file is shown; default: the same. */
  readonly at?: readonly string[];
}

const BASE_DIR = ['persist', 'storage', 'base_dir'];

/**
 * One for each path: a value that fails one check often fails the next. A value that nobody gave is below base_dir, so
 * that base_dir is what has to change.
 */
export function schemaFaults(error: z.ZodError, checked: Checked): readonly Fault[] {
  const faults = new Map<string, Fault>();
  for (const issue of error.issues) {
    const path = issue.path.map(String);
    const fault: Fault = isGiven(checked.nested, path, issue.input)
      ? {
          path,
          found: foundText(path, issue, checked),
          expected: issue.message,
          nearest: nearestValue(issue),
        }
      : {
          path: BASE_DIR,
          found: describe(checked.baseDir),
          expected: `a shorter path, so that ${path.join('.')} is ${issue.message}`,
        };
    const name = fault.path.join('.');
    if (!faults.has(name)) faults.set(name, fault);
  }
  return [...faults.values()];
}

/** Whether the file, or the environment, has a value there; `key:` counts as none unless it is one of the checked. */
function isGiven(nested: unknown, path: readonly string[], input: unknown): boolean {
  let value = nested;
  for (const key of path) {
    if (!isSection(value)) return true;
    if (!Object.hasOwn(value, key)) return false;
    value = value[key];
  }
  return value !== null || input === null;
}

function foundText(path: readonly string[], issue: z.core.$ZodIssue, { nested, source }: Checked): string {
  const { code, message } = issue;
  const input = valueAt(nested, path) ?? issue.input;
  if (isSecretKey(path[path.length - 1] ?? '')) return `${kindOf(input)} that is not shown`;
  // What stands in the place of a section may be what belongs to a secret key in it.
  if (message === SECTION && typeof input === 'string') {
    return /^[\w-]+:\S/.test(input) ? 'text (a space is missing after the colon)' : 'text';
  }
  const written = source?.document.source(source.layout.inFile(path));
  return describe(input, written, code === 'invalid_type');
}

function nearestValue(issue: z.core.$ZodIssue): string | undefined {
  if (issue.code !== 'invalid_value' || typeof issue.input !== 'string') return undefined;
  return nearestKey(
    issue.input,
    issue.values.filter((value): value is string => typeof value === 'string' && value !== ''),
  );
}

/** The fault as the file, or the environment, has it. */
export function problemOf(
  { path, found, expected, nearest, at = path }: Fault,
  { source, overridden }: Checked,
): ConfigProblem {
  const name = path.join('.');
  const hint = nearest === undefined ? {} : { nearest };
  const variable = overridden.get(name);
  if (variable !== undefined) return { file: 'environment', path: variable, found, expected, ...hint };
  if (source === undefined) return { file: 'defaults', path: name, found, expected, ...hint };
  const position = source.document.position(source.layout.inFile(at));
  return {
    file: source.file,
    path: shownPath(source.layout.inFile(path)),
    found,
    expected,
    ...hint,
    ...(position && { position }),
  };
}

/** As a reader goes through the file: first what has no place in it. */
export function inFileOrder(problems: readonly ConfigProblem[]): ConfigProblem[] {
  const line = ({ position }: ConfigProblem): number => position?.line ?? 0;
  const column = ({ position }: ConfigProblem): number => position?.column ?? 0;
  return [...problems].sort((one, other) => line(one) - line(other) || column(one) - column(other));
}

/** A value in the words of a message; numbers as the file has them, not as a double rounds them. */
export function describe(value: unknown, written?: string, isWrongKind = false): string {
  if (typeof value === 'string') {
    const text = maskText(value);
    const shown = text.length > SHOWN_VALUE_CHARS_MAX ? `${text.slice(0, SHOWN_VALUE_CHARS_MAX)}…` : text;
    return quoted(shown) + (isWrongKind ? ' (text)' : '');
  }
  if (typeof value === 'object') return kindOf(value);
  return written === undefined ? String(value) : maskText(written).slice(0, SHOWN_VALUE_CHARS_MAX);
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isSection(value)) return 'a section';
  if (value === null || value === undefined) return 'nothing';
  return typeof value === 'string' ? 'text' : `a ${typeof value}`;
}
