import { dirname } from 'node:path';
import { ConfigError, type ConfigProblem, type ConfigWarning } from './config-error.js';
import {
  describe,
  inFileOrder,
  problemOf,
  schemaFaults,
  type Checked,
  type Fault,
  type Source,
} from './config-problems.js';
import { configSchema, type JobletConfig } from './config-schema.js';
import { defaultBaseDir, placesOf, SYSTEM_BASE_DIR } from './default-places.js';
import { withEnvironment } from './environment.js';
import { SECTION } from './fields.js';
import { fileLayout } from './file-layout.js';
import { findConfigFile, nodeFiles, type ConfigFile, type ConfigFiles } from './find-file.js';
import { isSection, keyPaths, withKnownKeys } from './known-keys.js';
import { notBuiltFaults } from './not-built.js';
import { noEffectNotes, noEffectWarnings } from './no-effect.js';
import { ruleFaults } from './rules.js';
import { unknownKeyWarnings } from './unknown-keys.js';
import { homeDirectory, workingDirectory } from './working-places.js';
import { parseYaml } from './yaml-document.js';

export interface CheckOptions {
  /** What `--config` names; a relative path starts at `cwd`. */
  readonly file?: string | undefined;
  /** Default: the process's own, like the others. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly homeDir?: string;
  readonly hostName?: string;
  readonly platform?: NodeJS.Platform;
  readonly files?: ConfigFiles;
  /** Who will run with it: what that program is told to do and cannot do yet is a problem then. */
  readonly program?: Program | undefined;
}

/** A service, or what sends to persist. */
export type Program = keyof typeof SECTIONS;

/** What concerns a program. */
const SECTIONS = { persist: 'persist', state: 'state', producer: 'ipc' } as const;

/** A configuration, and everything that there is to say about it. */
export interface CheckedConfig {
  /** Absent when there are problems. */
  readonly config?: JobletConfig;
  /** Absolute path; absent when there is no file and every value is a default. */
  readonly file?: string;
  /** Where relative paths start: the file's folder, or the cwd. */
  readonly folder: string;
  /** Sections that were given, in the file or by the environment: the others are all defaults. */
  readonly sections: readonly string[];
  readonly problems: readonly ConfigProblem[];
  /** What is right, but does not exist yet: for the services that it concerns it is a problem. */
  readonly notBuilt: readonly ConfigProblem[];
  readonly warnings: readonly ConfigWarning[];
  /** What is worth a line in the log, such as where defaults came from. */
  readonly notes: readonly string[];
}

/** Finds, reads and checks the configuration. Rejects with ConfigError when the file cannot be read, or is no YAML. */
export async function checkConfig(options: CheckOptions = {}): Promise<CheckedConfig> {
  const { env = process.env, cwd = workingDirectory(), files = nodeFiles } = options;
  const named = options.file ?? (env.JOBLET_CONFIG_PATH || undefined);
  const file = await findConfigFile(named, cwd, files);
  const source = file && readSource(file);
  const values = source?.layout.nested ?? {};
  const { nested, overridden } = withEnvironment(values, env);

  const fallback =
    file === undefined
      ? await defaultBaseDir(env, options.homeDir ?? homeDirectory(), files)
      : { baseDir: SYSTEM_BASE_DIR };
  const folder = file === undefined ? cwd : dirname(file.path);
  const places = placesOf(nested, folder, fallback.baseDir, options.hostName, options.platform);
  const schema = configSchema(places);
  const keys = keyPaths(schema);

  const unknown: (readonly string[])[] = [];
  const known = withKnownKeys(schema, source ? withFileModes(nested, source) : nested, unknown);
  // To compile the schema would take longer than it saves.
  const parsed = schema.safeParse(known, { reportInput: true, jitless: true });

  const checked: Checked = { nested, baseDir: places.baseDir, source, overridden };
  const wrong = parsed.success ? [] : schemaFaults(parsed.error, checked);
  const wrongPaths = wrong.map(({ path }) => path.join('.'));
  // What is wrong by itself is not also at odds with others.
  const isWrong = (path: readonly string[]): boolean =>
    wrongPaths.some((name) => name === path.join('.') || path.join('.').startsWith(`${name}.`));
  const isSound = ({ path, at = path }: Fault): boolean => !isWrong(path) && !isWrong(at);
  const missing = notBuiltFaults(known).filter(isSound);
  const isNeeded = ({ path }: Fault): boolean =>
    options.program !== undefined && path[0] === SECTIONS[options.program];
  const problems = inFileOrder([
    ...(source?.document.problems ?? []),
    ...[...wrong, ...ruleFaults(known, nested, places).filter(isSound), ...missing.filter(isNeeded)].map(
      (fault) => problemOf(fault, checked),
    ),
  ]);
  return {
    ...(parsed.success && problems.length === 0 && { config: parsed.data }),
    ...(file && { file: file.path }),
    folder,
    sections: Object.keys(nested),
    problems,
    notBuilt: inFileOrder(
      missing.filter((fault) => !isNeeded(fault)).map((fault) => problemOf(fault, checked)),
    ),
    warnings: source ? warningsOf(source, unknown, keys, folder) : [],
    notes: ['note' in fallback ? [fallback.note] : [], source ? noEffectNotes(source, keys) : []].flat(),
  };
}

function readSource({ text, path: file }: ConfigFile): Source {
  const document = parseYaml(text, file);
  const root = document.root ?? {};
  if (!isSection(root)) {
    throw new ConfigError([
      { file, path: '', found: typeof root === 'string' ? 'text' : describe(root), expected: SECTION },
    ]);
  }
  return { file, document, layout: fileLayout(root) };
}

const SOCKET_MODE = ['state', 'socket_mode'];

/** File modes as they are written: YAML 1.2 reads 0600 as six hundred. */
function withFileModes(
  nested: Record<string, unknown>,
  { document, layout }: Source,
): Record<string, unknown> {
  const { state } = nested;
  if (!isSection(state) || typeof state.socket_mode !== 'number') return nested;
  const written = document.source(layout.inFile(SOCKET_MODE));
  return { ...nested, state: { ...state, socket_mode: written ?? state.socket_mode } };
}

function warningsOf(
  source: Source,
  unknown: readonly (readonly string[])[],
  known: readonly (readonly string[])[],
  folder: string,
): ConfigWarning[] {
  const warnings = [
    ...source.document.warnings,
    ...unknownKeyWarnings(source, unknown, known),
    ...noEffectWarnings(source, folder),
  ];
  const line = ({ position }: ConfigWarning): number => position?.line ?? 0;
  return warnings.sort((one, other) => line(one) - line(other));
}
