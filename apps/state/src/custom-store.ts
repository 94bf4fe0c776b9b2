import { nearestKey, STATE_BACKENDS } from '@joblet/config';
import { openModule } from '@joblet/service';
import { storeProblems, StateStoreError, type StateStore, type StateStoreContext } from '@joblet/state-store';

/**
 * The state store of somebody else's module: `state.backend` names it, and `state.storage.options` are its own affair.
 * Rejects with StartError.
 */
export function openCustomStore(
  specifier: string,
  options: Record<string, unknown>,
  context: StateStoreContext,
): Promise<StateStore> {
  return openModule({
    program: 'state',
    service: import.meta.url,
    key: 'state.backend',
    specifier,
    options,
    context,
    what: 'state store',
    accepts: (opened): opened is StateStore => storeProblems(opened).length === 0,
    problemsOf: storeProblems,
    nearestName: (name) => nearestKey(name, STATE_BACKENDS),
    isOptionError: (error) => error instanceof StateStoreError && error.code === 'INVALID_ARGUMENT',
  });
}
