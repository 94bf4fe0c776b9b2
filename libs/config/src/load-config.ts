import { homedir, hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { ConfigError, type Position } from './config-error.js';
import { describe, schemaProblems, type Source } from './config-problems.js';
import { configSchema, type JobletConfig } from './config-schema.js';
import { isPath, SECTION } from './fields.js';
import { fileLayout } from './file-layout.js';
import { findConfigFile, nodeFiles, userBaseDir, type ConfigFiles } from './find-file.js';
import { isSection, valueAt, withKnownKeys, type UnknownKey } from './known-keys.js';
import { socketPathBytesMax } from './limits.js';
import type { Places } from './places.js';
import { parseYaml } from './yaml-document.js';

export interface LoadOptions {
  /** What `--config` names; a relative path starts at `cwd`. */
  readonly file?: string | undefined;
  /** Default: the process's own, like the others. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly homeDir?: string;
  readonly hostName?: string;
  readonly platform?: NodeJS.Platform;
  readonly files?: ConfigFiles;
}

/** Something in the file that has no effect. */
export interface ConfigWarning {
  readonly file: string;
  readonly path: string;
  readonly position?: Position;
  readonly message: string;
}

export interface LoadedConfig {
  readonly config: JobletConfig;
  /** Absolute path; absent when there is no file and every value is a default. */
  readonly file?: string;
  readonly warnings: readonly ConfigWarning[];
  /** What is worth a line in the log, such as where defaults came from. */
  readonly notes: readonly string[];
}

const SYSTEM_BASE_DIR = '/opt/joblet';

/** Environment variables that win over the file, and what they stand for. */
const OVERRIDES = [
  ['JOBLET_LOG_LEVEL', 'logging', 'level'],
  ['JOBLET_LOG_FORMAT', 'logging', 'format'],
  ['JOBLET_NODE_ID', 'server', 'nodeId'],
] as const;

/** Keys of `persist.writer` that tune what does not exist yet; every write is durable without. */
const LOG_KEYS = [
  'sync_interval_ms',
  'block_kb',
  'seal_idle_seconds',
  'reserve_mb',
  'segment_mb',
  'spool_max_mb',
] as const;

/** Sections whose unknown keys are worth a warning; the others are the daemon's or not checked. */
const OWN_SECTIONS = ['persist', 'ipc'];

/** Finds, reads and checks the configuration. Rejects with ConfigError, which has everything that is wrong. */
export async function loadConfig(options: LoadOptions = {}): Promise<LoadedConfig> {
  const { env = process.env, cwd = process.cwd(), files = nodeFiles } = options;
  const file = await findConfigFile(options.file ?? nonEmpty(env.JOBLET_CONFIG_PATH), cwd, files);
  const source = file === undefined ? undefined : readSource(file.text, file.path);
  const values = source?.layout.nested ?? {};
  const { nested, overridden } = withOverrides(values, env);

  const notes: string[] = [];
  const folder = file === undefined ? cwd : dirname(file.path);
  const fallback =
    file === undefined
      ? await defaultBaseDir(env, options.homeDir ?? homedir(), files, notes)
      : SYSTEM_BASE_DIR;
  const around = places(nested, folder, fallback, options);
  const schema = configSchema(around);

  const unknownKeys: UnknownKey[] = [];
  const known = withKnownKeys(schema, nested, unknownKeys);
  // The schema is used once: compiling it would take longer than it saves.
  const parsed = schema.safeParse(known, { reportInput: true, jitless: true });
  if (!parsed.success)
    throw new ConfigError(
      schemaProblems(parsed.error, { nested, baseDir: around.baseDir, source, overridden }),
    );

  if (keepsLessThanAll(values)) notes.push('retention and rotation are not built yet: everything is kept');
  const unused = LOG_KEYS.filter((key) => valueAt(values, ['persist', 'writer', key]) !== undefined);
  if (unused.length > 0) {
    notes.push(`the write-ahead log is not built yet: persist.writer.{${unused.join(', ')}} have no effect`);
  }
  const warnings = source === undefined ? [] : fileWarnings(source, unknownKeys);
  return { config: parsed.data, ...(file && { file: file.path }), warnings, notes };
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function readSource(text: string, file: string): Source {
  const document = parseYaml(text, file);
  const root = document.root ?? {};
  if (!isSection(root)) throw new ConfigError([{ file, path: '', found: describe(root), expected: SECTION }]);
  return { file, document, layout: fileLayout(root) };
}

async function defaultBaseDir(
  env: NodeJS.ProcessEnv,
  homeDir: string,
  files: ConfigFiles,
  notes: string[],
): Promise<string> {
  const writable = await files.writable(SYSTEM_BASE_DIR);
  const baseDir = writable ? SYSTEM_BASE_DIR : userBaseDir(env, homeDir);
  const reason = writable ? '' : ` (${SYSTEM_BASE_DIR} is not writable)`;
  notes.push(`no configuration file found: built-in defaults, base_dir ${baseDir}${reason}`);
  return baseDir;
}

/** The values with the environment's put in, and which variable stands at which path. */
function withOverrides(
  values: Record<string, unknown>,
  env: NodeJS.ProcessEnv,
): { readonly nested: Record<string, unknown>; readonly overridden: ReadonlyMap<string, string> } {
  const nested = { ...values };
  const overridden = new Map<string, string>();
  for (const [variable, sectionName, key] of OVERRIDES) {
    const value = nonEmpty(env[variable]);
    const section = nested[sectionName] ?? {};
    if (value === undefined || !isSection(section)) continue;
    nested[sectionName] = { ...section, [key]: value };
    overridden.set(`${sectionName}.${key}`, variable);
  }
  return { nested, overridden };
}

/** A path that is no good is left to the schema, and what is derived from it starts at the default. */
function places(
  nested: Record<string, unknown>,
  folder: string,
  fallback: string,
  { hostName = hostname(), platform = process.platform }: LoadOptions,
): Places {
  const socketBytesMax = socketPathBytesMax(platform);
  const named = (keys: readonly string[]): string | undefined => {
    const value = valueAt(nested, keys);
    return typeof value === 'string' && isPath(value) ? resolve(folder, value) : undefined;
  };
  const baseDir = named(['persist', 'storage', 'base_dir']) ?? fallback;
  const socket = named(['persist', 'ipc', 'socket']);
  const ipcSocket =
    socket !== undefined && Buffer.byteLength(socket) <= socketBytesMax
      ? socket
      : join(baseDir, 'run/persist-ipc.sock');
  return { baseDir, folder, ipcSocket, hostName, socketBytesMax };
}

function keepsLessThanAll(values: Record<string, unknown>): boolean {
  return [['retention'], ['local', 'logs', 'rotation'], ['local', 'metrics', 'rotation']].some((path) =>
    isSection(valueAt(values, ['persist', 'storage', ...path])),
  );
}

function fileWarnings(
  { file, document, layout }: Source,
  unknownKeys: readonly UnknownKey[],
): ConfigWarning[] {
  const warning = (path: string, position: Position | undefined, text: string): ConfigWarning => {
    const where = position === undefined ? file : `${file}:${position.line}`;
    return { file, path, ...(position && { position }), message: `${where}: ${text}` };
  };
  return [
    ...document.warnings.map(({ position, message }) => warning('', position, message)),
    ...unknownKeys
      .filter(({ path }) => OWN_SECTIONS.includes(path[0]))
      .map(({ path, nearest }) => {
        const inFile = layout.inFile(path);
        const hint = nearest === undefined ? '' : `, did you mean ${nearest}?`;
        const name = inFile.join('.');
        return warning(name, document.position(inFile), `unknown key ${name} is ignored${hint}`);
      }),
  ];
}
