import type { MetricData } from '@joblet/wire';

/** Measures what a command and all that it starts use. */
export interface UsageSampler {
  /** Before the command starts. */
  start(): Promise<void>;
  /**
   * What the processes of a session use now; undefined when that cannot be known. CPU is the mean since the call before.
   * Not to be called again before it has ended.
   */
  sample(session: number): Promise<MetricData | undefined>;
}
