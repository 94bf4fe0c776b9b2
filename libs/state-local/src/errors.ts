import { StateStoreError } from '@joblet/state-store';

const WHAT_TO_DO = 'see "Damaged files" in the README of @joblet/state-local';

/** What callers are told of LevelDB's errors; `what` begins the message. StateStoreErrors stay what they are. */
export function storeError(error: unknown, what: string): StateStoreError {
  if (error instanceof StateStoreError) return error;
  const reason = innermost(error);
  const code = codeOf(reason);
  if (code === 'LEVEL_LOCKED') {
    return new StateStoreError(
      'UNAVAILABLE',
      `${what}: another process, or another store of this one, has it open`,
      {
        cause: error,
      },
    );
  }
  if (code === 'LEVEL_CORRUPTION') return damaged(`${what}: ${messageOf(reason)}`, error);
  if (code !== undefined && /^(?:LEVEL_|E[A-Z]+$)/.test(code)) {
    return new StateStoreError('UNAVAILABLE', `${what}: ${messageOf(reason)}`, { cause: error });
  }
  return new StateStoreError('INTERNAL', `${what}: ${messageOf(reason)}`, { cause: error });
}

/** No second try mends it: somebody has to look. */
export function damaged(message: string, cause?: unknown): StateStoreError {
  return new StateStoreError('INTERNAL', `${message}; ${WHAT_TO_DO}`, { cause });
}

/** LevelDB's own errors are the causes of classic-level's. */
function innermost(error: unknown): unknown {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? error : innermost(cause);
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
