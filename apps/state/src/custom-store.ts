import { EXIT_CONFIG, nearestKey, STATE_BACKENDS } from '@joblet/config';
import { isModulePath, loadModule, messageOf, ModuleError } from '@joblet/service';
import { storeProblems, StateStoreError, type StateStore, type StateStoreContext } from '@joblet/state-store';
import { EXIT_FAILED } from './cli.js';
import { OPENING_INTERVAL_MS } from './limits.js';
import { StartError } from './start-error.js';

/**
 * The state store of somebody else's module: `state.backend` names it, and `state.storage.options` are its
 * own affair. Packages that are not beside the configuration are looked for from `service`, an `import.meta.url`.
 * Rejects with StartError.
 */
export async function openCustomStore(
  type: string,
  options: Record<string, unknown>,
  context: StateStoreContext,
  service: string,
): Promise<StateStore> {
  const subject = `state.backend ${JSON.stringify(type)}`;
  const store = await whileOpening(context, subject, async () => {
    const open = await loadModule(type, { folder: context.folder, service }).catch((error: unknown) => {
      if (!(error instanceof ModuleError)) throw error;
      throw new StartError(EXIT_CONFIG, `${subject}: ${error.message}${hintFor(error)}`, { cause: error });
    });
    try {
      return await open(options, context);
    } catch (error) {
      const isOption = error instanceof StateStoreError && error.code === 'INVALID_ARGUMENT';
      const code = isOption ? EXIT_CONFIG : EXIT_FAILED;
      throw new StartError(code, `${subject}: it cannot be opened: ${messageOf(error)}`, { cause: error });
    }
  });
  if (isStateStore(store)) return store;
  const problems = storeProblems(store).join('; ');
  throw new StartError(EXIT_CONFIG, `${subject}: what it opens is no state store: ${problems}`);
}

function isStateStore(value: unknown): value is StateStore {
  return storeProblems(value).length === 0;
}

/** Most names that are no package are slips of a store's name. */
function hintFor({ code, specifier }: ModuleError): string {
  if (code !== 'NOT_FOUND' || isModulePath(specifier)) return '';
  const nearest = nearestKey(specifier, STATE_BACKENDS);
  return nearest === undefined ? '; install it there, or name a file: ./…' : `; did you mean ${nearest}?`;
}

/**
 * Tells again and again that the store is still opening. The timer also keeps the process alive: what never settles would
 * end it without a word. So would a module that ends it by itself.
 */
async function whileOpening<Result>(
  { logger, signal }: StateStoreContext,
  subject: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const timer = setInterval(
    () => logger.info({}, `${subject}: the store is still opening`),
    OPENING_INTERVAL_MS,
  );
  const tellEnd = (): void => {
    if (signal.aborted) return;
    process.exitCode = EXIT_CONFIG;
    process.stderr.write(
      `state cannot start: ${subject}: the module ended the process while it was opened\n`,
    );
  };
  process.once('exit', tellEnd);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    process.off('exit', tellEnd);
  }
}
