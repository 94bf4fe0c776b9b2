import type { Schedule } from '../schedule.js';

export interface ManualTimer {
  delayMs: number;
  fire: () => void;
  state: 'pending' | 'fired' | 'cancelled';
  isRef: boolean;
}

/** Timers that fire when the test says so. */
export function manualSchedule(): {
  schedule: Schedule;
  timers: ManualTimer[];
  pending: () => ManualTimer[];
} {
  const timers: ManualTimer[] = [];
  const schedule: Schedule = (callback, delayMs) => {
    const timer: ManualTimer = {
      delayMs,
      state: 'pending',
      isRef: true,
      fire() {
        if (timer.state !== 'pending') throw new Error(`the timer of ${delayMs} ms is ${timer.state}`);
        timer.state = 'fired';
        callback();
      },
    };
    timers.push(timer);
    return {
      ref: () => (timer.isRef = true),
      unref: () => (timer.isRef = false),
      cancel() {
        if (timer.state === 'pending') timer.state = 'cancelled';
      },
    };
  };
  return { schedule, timers, pending: () => timers.filter(({ state }) => state === 'pending') };
}
