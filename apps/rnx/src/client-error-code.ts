const NAMES: ReadonlySet<string> = new Set(['ClientError', 'StateStoreError']);

/**
 * The code when it is an error of @joblet/client or of the state service; known by its name, because the client is loaded only by commands that
 * ask a service: `job run` starts faster without it.
 */
export function clientErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error && NAMES.has(error.name) && 'code' in error)) return undefined;
  return String(error.code);
}
