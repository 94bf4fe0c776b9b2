/** The exit code of a service whose configuration is wrong: EX_CONFIG of sysexits.h. */
export const EXIT_CONFIG = 78;

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
  /** Absent when the value is not in a file, or comes from a default. */
  readonly position?: Position;
}

/** Everything that is wrong with the configuration, at once; the message has one line for each problem. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[], options?: ErrorOptions) {
    super(problems.map(problemLine).join('\n'), options);
    this.problems = problems;
  }
}

function problemLine({ file, path, found, expected, position }: ConfigProblem): string {
  const where = position === undefined ? file : `${file}:${position.line}:${position.column}`;
  return `${where}: ${path === '' ? '' : `${path}: `}found ${found}, expected ${expected}`;
}
