import type { MetricData } from '@joblet/wire';

/** Sends what a job writes and uses to persist. Never rejects: what could not be kept is told by `close`. */
export interface Recorder {
  /** Rows of a stream (1 stdout, 2 stderr), in order. Resolves when more may come. */
  rows(stream: 1 | 2, rows: readonly Uint8Array[]): Promise<void>;
  /** Never waits. */
  sample(data: MetricData): Promise<void>;
  /** Sends what is left, within a bounded time. */
  close(): Promise<void>;
}

/** For a job whose output cannot be kept. */
export const noRecorder: Recorder = {
  rows: () => Promise.resolve(),
  sample: () => Promise.resolve(),
  close: () => Promise.resolve(),
};
