import { RATE_LIMITED_KINDS_MAX } from './limits.js';

type Level = 'debug' | 'info' | 'warn' | 'error';

/** What it needs of a logger. */
export type LogTarget = Readonly<Record<Level, (fields: object, message: string) => void>>;

/** `kind` is one of a few fixed words: lines of one kind stand for each other. */
export type RateLimitedLog = (level: Level, kind: string, fields: object, message: string) => void;

export interface RateLimitOptions {
  readonly intervalMs: number;
  /** Milliseconds from any start, never going back; default: performance.now. */
  readonly now?: () => number;
}

/**
 * Logs the first line of a kind at once, then at most one in each interval, which has the number of those left out
 * as `suppressed`.
 */
export function rateLimited(log: LogTarget, options: RateLimitOptions): RateLimitedLog {
  const { intervalMs, now = () => performance.now() } = options;
  const kinds = new Map<string, { nextMs: number; suppressed: number }>();
  return (level, kind, fields, message) => {
    const nowMs = now();
    const state = kinds.get(kind);
    if (state !== undefined && nowMs < state.nextMs) {
      state.suppressed++;
      return;
    }
    const oldest = kinds.keys().next();
    if (state === undefined && kinds.size >= RATE_LIMITED_KINDS_MAX && !oldest.done)
      kinds.delete(oldest.value);
    kinds.set(kind, { nextMs: nowMs + intervalMs, suppressed: 0 });
    const { suppressed } = state ?? { suppressed: 0 };
    log[level](suppressed === 0 ? fields : { ...fields, suppressed }, message);
  };
}
