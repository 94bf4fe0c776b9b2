/** Where in a file something is; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One thing that is wrong. */
export interface ConfigProblem {
  /** The file's path, or `environment`. */
  readonly file: string;
  /** Dotted path of the key as the file spells it, or the environment variable; empty: the file as a whole. */
  readonly path: string;
  readonly found: string;
  /** What is allowed. */
  readonly expected: string;
  /** What was probably meant. */
  readonly nearest?: string;
  /** Absent when the value is not in a file, or comes from a default. */
  readonly position?: Position;
}

/** Something in the file that has no effect. */
export interface ConfigWarning {
  readonly file: string;
  readonly path: string;
  readonly position?: Position;
  /** Begins with file, line and column. */
  readonly message: string;
}

/** Everything that is wrong with the configuration, at once; the message has one line for each problem. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** What a service exits with: EX_CONFIG of sysexits.h. */
  readonly exitCode = 78;
  readonly problems: readonly ConfigProblem[];
  /** What the file has besides: a misspelt key is often why another one is missing. */
  readonly warnings: readonly ConfigWarning[];

  constructor(
    problems: readonly ConfigProblem[],
    { warnings = [], ...options }: ErrorOptions & { readonly warnings?: readonly ConfigWarning[] } = {},
  ) {
    super(problems.map(problemLine).join('\n'), options);
    this.problems = problems;
    this.warnings = warnings;
  }
}

/** A problem in one line. */
export function problemLine({ file, path, found, expected, nearest, position }: ConfigProblem): string {
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
  return `${placeOf(file, position)}: ${path === '' ? '' : `${path}: `}found ${found}, expected ${expected}${hint}`;
}

export function placeOf(file: string, position: Position | undefined): string {
  return position === undefined ? file : `${file}:${position.line}:${position.column}`;
}
