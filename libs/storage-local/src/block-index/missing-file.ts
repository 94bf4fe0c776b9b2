import { isMissing } from '../errors.js';

/** For `catch`: undefined for a file that is not there. */
export function undefinedIfMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}
