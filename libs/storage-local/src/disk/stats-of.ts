import { statSync, type Stats } from 'node:fs';
import { errorCode } from '../errors.js';

const NO_TARGET = new Set(['ENOTDIR', 'ELOOP']);

/** Undefined when there is nothing, or a link to nothing. */
export function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (NO_TARGET.has(errorCode(error) ?? '')) return undefined;
    throw error;
  }
}
