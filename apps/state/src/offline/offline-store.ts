import { loadConfig, type JobletConfig } from '@joblet/config';
import { EXIT_CONFIG, isModulePath, StartError } from '@joblet/service';
import { sealSecrets, StateStoreError, type Job, type NewJob, type StateStore } from '@joblet/state-store';
import { openBackend } from '../backends.js';
import { configuredKeys } from '../secret-keys.js';
import { print, type Terminal } from './terminal.js';

/** A store without its service. Jobs are as its medium has them: their secrets are sealed. */
export interface OfflineStore extends AsyncDisposable {
  /** For messages. */
  readonly name: string;
  readonly medium: StateStore;
  /** As the service would store it: secrets that came in clear are sealed, or left out. */
  create(job: NewJob): Promise<Job>;
}

export interface OfflineStoreOptions {
  /** A backend's name, or a configuration file; undefined: the configured backend. */
  readonly name: string | undefined;
  /** What `--config` names. */
  readonly config: string | undefined;
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
}

/** Rejects with StartError, ConfigError or StateStoreError. */
export async function openOfflineStore({
  name,
  config: file,
  terminal,
  env,
}: OfflineStoreOptions): Promise<OfflineStore> {
  const isFile = name !== undefined && /\.ya?ml$/.test(name);
  const { config, folder } = await loadConfig({ file: isFile ? name : file, program: 'state' });
  const state = isFile || name === undefined ? config.state : withBackend(config.state, name);
  const { backend } = state;
  if (backend === 'memory') {
    throw new StartError(EXIT_CONFIG, 'the memory backend has no jobs without its service; name another');
  }
  const warn = (_fields: object, message: string): void => void print(terminal.stderr, `state: ${message}\n`);
  const logger = { debug: nothing, info: nothing, warn, error: warn };
  const signal = new AbortController().signal;
  const keys = await configuredKeys(state, env);
  const medium = await openBackend(state, { logger, folder, nodeId: config.server.nodeId, signal });
  const sealing = sealSecrets(medium, { storeSecrets: state.store_secrets, keys, logger });
  return {
    name: isFile ? `${name} (${backend})` : backend,
    medium,
    create: (job) => (isSealed(job) ? medium : sealing).create(job, { restore: true }),
    [Symbol.asyncDispose]: () => medium.close(),
  };
}

function withBackend(state: JobletConfig['state'], backend: string): JobletConfig['state'] {
  if (isModulePath(backend) || /^[@\w][\w./-]*$/.test(backend)) return { ...state, backend };
  throw new StateStoreError('INVALID_ARGUMENT', `${JSON.stringify(backend)} is no name of a backend`);
}

/** Whether the secrets, if there are any, were sealed by another store. */
function isSealed({ fields }: NewJob): boolean {
  return fields.has('sealedSecretEnvironment');
}

function nothing(): void {
  // Only what a person has to know is told.
}
