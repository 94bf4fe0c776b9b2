import { describe, expect, it } from '@jest/globals';
import { describeStep, watchClock, type ClockStep } from './watch-clock.js';

const START = Date.parse('2026-01-31T12:00:00Z');

/** A watcher whose clocks are told how to go on. */
function watched() {
  let wall = START;
  let monotonic = 5_000;
  let look = (): void => undefined;
  const steps: ClockStep[] = [];
  const watch = watchClock({
    onStep: (step) => steps.push(step),
    wallMs: () => wall,
    monotonicMs: () => monotonic,
    repeat: (call) => {
      look = call;
      return () => (look = () => undefined);
    },
  });
  const pass = (monotonicMs: number, wallMs = monotonicMs): void => {
    monotonic += monotonicMs;
    wall += wallMs;
    look();
  };
  return { steps, pass, watch };
}

describe('watchClock', () => {
  it('tells a step back and one forward, once each', () => {
    const { steps, pass } = watched();
    pass(1_000);
    pass(1_000, 1_000 - 7_200_000);
    pass(1_000);
    pass(1_000, 1_000 + 90_000);
    expect(steps.map(describeStep)).toEqual([
      'the clock was set back by 2 h, from 2026-01-31T12:00:02Z to 2026-01-31T10:00:02Z',
      'the clock was set forward by 90 s, from 2026-01-31T10:00:04Z to 2026-01-31T10:01:34Z',
    ]);
  });

  it('does not take a late look, or a clock that runs 500 ppm fast or slow, for a step', () => {
    const { steps, pass } = watched();
    pass(60_000);
    for (let second = 0; second < 100_000; second++) pass(1_000, 1_000.5);
    for (let second = 0; second < 100_000; second++) pass(1_000, 999.5);
    expect(steps).toEqual([]);
  });

  it('says nothing below a second, and nothing after it was stopped', () => {
    const { steps, pass, watch } = watched();
    pass(1_000, 1);
    pass(1_000, 1_999);
    expect(steps).toEqual([]);
    pass(1_000, 0);
    expect(steps).toHaveLength(1);
    watch.stop();
    pass(1_000, -100_000);
    expect(steps).toHaveLength(1);
  });

  it('looks by itself, at the real clocks', async () => {
    let shift = 0;
    const step = new Promise<ClockStep>((resolve) => {
      const watch = watchClock({
        wallMs: () => Date.now() + shift,
        onStep: (told) => {
          watch.stop();
          resolve(told);
        },
      });
    });
    shift = -3_600_000;
    const alive = setInterval(() => undefined, 1_000);
    expect(describeStep(await step)).toContain('set back by 60 min');
    clearInterval(alive);
  });
});
