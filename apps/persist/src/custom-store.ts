import { nearestKey, STORAGE_TYPES } from '@joblet/config';
import { openModule } from '@joblet/service';
import { storeProblems, StorageError, type LogStore, type LogStoreContext } from '@joblet/storage';

/**
 * The log store of somebody else's module: `persist.storage.type` names it, and `persist.storage.options` are its
 * own affair. Rejects with StartError.
 */
export function openCustomStore(
  specifier: string,
  options: Record<string, unknown>,
  context: LogStoreContext,
): Promise<LogStore> {
  return openModule({
    program: 'persist',
    service: import.meta.url,
    key: 'persist.storage.type',
    specifier,
    options,
    context,
    what: 'log store',
    accepts: (opened): opened is LogStore => storeProblems(opened).length === 0,
    problemsOf: storeProblems,
    nearestName: (name) => nearestKey(name, STORAGE_TYPES),
    isOptionError: (error) => error instanceof StorageError && error.code === 'INVALID_ARGUMENT',
  });
}
