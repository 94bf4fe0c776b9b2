/**
 * - NOT_FOUND: there is no such file, folder or package.
 * - NO_ENTRY: there is such a package, but its package.json does not lead to a file.
 * - BROKEN: it cannot be loaded: its code is wrong, throws, or imports what is not there.
 * - NO_FUNCTION: it does not export a function by default.
 */
export type ModuleErrorCode = 'NOT_FOUND' | 'NO_ENTRY' | 'BROKEN' | 'NO_FUNCTION';

/** Why a module of somebody else cannot be used. Never worth a retry. */
export class ModuleError extends Error {
  override readonly name = 'ModuleError';
  readonly code: ModuleErrorCode;
  /** What the configuration names. */
  readonly specifier: string;

  constructor(code: ModuleErrorCode, specifier: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.specifier = specifier;
  }
}
