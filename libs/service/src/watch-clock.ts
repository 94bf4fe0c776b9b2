import { CLOCK_LOOK_MS, CLOCK_STEP_MS } from './limits.js';

export interface ClockStep {
  /** Unix milliseconds: what the clock would show, and what it shows. */
  readonly expectedMs: number;
  readonly foundMs: number;
}

export interface WatchClockOptions {
  /** The wall clock was set; told once for each step of a second or more. */
  readonly onStep: (step: ClockStep) => void;
  /** Unix milliseconds; default: Date.now. */
  readonly wallMs?: () => number;
  /** Milliseconds from any start, never going back; default: performance.now. */
  readonly monotonicMs?: () => number;
  /** Calls `look` again and again until the returned function is called; default: once a second, by a timer. */
  readonly repeat?: (look: () => void) => () => void;
}

/**
 * Compares the wall clock with the monotonic one. A clock that runs a little fast or slow, as time servers make it, is
 * no step. The monotonic clock stands still while the machine sleeps: waking up is a step forward.
 */
export function watchClock(options: WatchClockOptions): { stop(): void } {
  const { onStep, wallMs = Date.now, monotonicMs = () => performance.now(), repeat = everySecond } = options;
  let offsetMs = wallMs() - monotonicMs();
  const look = (): void => {
    const nowMs = monotonicMs();
    const foundMs = wallMs();
    const expectedMs = nowMs + offsetMs;
    offsetMs = foundMs - nowMs;
    if (Math.abs(foundMs - expectedMs) >= CLOCK_STEP_MS) onStep({ expectedMs, foundMs });
  };
  return { stop: repeat(look) };
}

function everySecond(look: () => void): () => void {
  const timer = setInterval(look, CLOCK_LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** For a log: `the clock was set back by 2 h, from 2026-01-31T12:00:00Z to 2026-01-31T10:00:00Z`. */
export function describeStep({ expectedMs, foundMs }: ClockStep): string {
  const seconds = Math.round(Math.abs(foundMs - expectedMs) / 1_000);
  const [length, unit] =
    seconds < 120 ? [seconds, 's'] : seconds < 7_200 ? [seconds / 60, 'min'] : [seconds / 3_600, 'h'];
  const time = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
  const direction = foundMs < expectedMs ? 'back' : 'forward';
  return `the clock was set ${direction} by ${Math.round(length)} ${unit}, from ${time(expectedMs)} to ${time(foundMs)}`;
}
