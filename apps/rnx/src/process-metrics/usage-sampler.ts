import type { MetricData } from '@joblet/wire';

/** Measures what a command and all that it starts use. */
export interface UsageSampler {
  /** Before the command starts. */
  start(): Promise<void>;
  /** Remembers the memory and the I/O of processes that may have ended when `sample` is called. */
  look(session: number): Promise<void>;
  /**
   * What the processes of a session use now; undefined when that cannot be known. CPU is the mean since the sample before, at
   * first since the start. Neither this nor `look` may be called before the call before has ended.
   */
  sample(session: number): Promise<MetricData | undefined>;
}
