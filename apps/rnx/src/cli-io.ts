import type { Writable } from 'node:stream';

/** What a run of rnx touches; tests bring their own. */
export interface CliIo {
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly homeDir: string;
  /** Unix nanoseconds. */
  now(): bigint;
  /** Ends without waiting for a slow reader: somebody interrupted. */
  abandonOutput(): void;
  /** Calls `listener` for each of these signals until the returned function is called. */
  onSignals(signals: readonly NodeJS.Signals[], listener: (signal: NodeJS.Signals) => void): () => void;
}
