import type { ConformanceCase, Theme } from './case.js';
import { RandomSession } from './random-session.js';
import { createMemoryStore } from '../memory-store.js';

const STEPS = 250;

const sameAsModel: ConformanceCase = {
  name: 'answers like the memory store, whatever is written, read and deleted',
  async run(subject) {
    const session = new RandomSession(subject, createMemoryStore());
    for (let step = 1; step <= STEPS; step++) await session.step();
  },
};

export const random: Theme = { name: 'random sessions', cases: [sameAsModel] };
