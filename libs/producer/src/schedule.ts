export interface Timer {
  /** Lets the timer keep the process alive, as it does from the start. */
  ref(): void;
  unref(): void;
  cancel(): void;
}

export type Schedule = (callback: () => void, delayMs: number) => Timer;

export const schedule: Schedule = (callback, delayMs) => {
  const timeout = setTimeout(callback, delayMs);
  return {
    ref: () => timeout.ref(),
    unref: () => timeout.unref(),
    cancel: () => clearTimeout(timeout),
  };
};
