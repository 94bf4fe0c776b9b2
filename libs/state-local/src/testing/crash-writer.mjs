// Twenty writers that change jobs one after the other, each waiting for its own change, for ever or until each has made
// so many jobs. Every change is told on stdout: `+ uuid step` when it is acknowledged, `- uuid step code` when it is
// refused, and then made again until it is not.
import { writeSync } from 'node:fs';
import { newJob } from '@joblet/state-store';

const [dist, directory, life, jobs = 'Infinity'] = process.argv.slice(2);
const { openLocalStateStore } = await import(dist);
const store = await openLocalStateStore({ directory });
const tell = (line) => writeSync(1, `${line}\n`);
tell('open');

const job = (uuid, step) =>
  newJob({
    uuid,
    status: ['PENDING', 'RUNNING', 'COMPLETED'][step],
    nodeId: 'node-1',
    step,
    environment: { filler: 'x'.repeat((step * 977) % 3_000) },
  });

const STEPS = [
  (uuid) => store.create(job(uuid, 0)),
  (uuid) => store.update(job(uuid, 1)),
  (uuid) => store.update(job(uuid, 2)),
  (uuid) => store.delete(uuid),
];

/** Whether a step that was refused has been made all the same: then making it again is refused for another reason. */
const ALREADY_MADE = ['JOB_EXISTS', undefined, undefined, 'JOB_NOT_FOUND'];

async function make(uuid, step) {
  for (let refusals = 0; ; refusals++) {
    try {
      await STEPS[step](uuid);
      return;
    } catch (error) {
      if (refusals > 0 && error.code === ALREADY_MADE[step]) return;
      tell(`- ${uuid} ${step} ${error.code}`);
      if (error.code !== 'UNAVAILABLE' || refusals === 1_000) process.exit(1);
    }
  }
}

async function write(writer) {
  for (let number = 0; number < Number(jobs); number++) {
    const uuid = `${life}-${writer}-${number}`;
    // Every third job stays.
    const steps = number % 3 === 0 ? 3 : 4;
    for (let step = 0; step < steps; step++) {
      await make(uuid, step);
      tell(`+ ${uuid} ${step}`);
    }
  }
}

await Promise.all(Array.from({ length: 20 }, (_, writer) => write(writer)));
// Without closing.
process.exit();
