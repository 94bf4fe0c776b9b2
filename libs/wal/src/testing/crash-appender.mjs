// Appends numbered records for ever and tells of each on stdout when it is acknowledged, or refused. The test kills it.
import { writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';

const [dist, directory, start] = process.argv.slice(2);
const { openWal } = await import(dist);
const log = await openWal({ directory, segmentBytes: () => 20_000 });
const tell = (line) => writeSync(1, `${line}\n`);
tell('open');
for (let number = Number(start); ; number++) {
  const payload = Buffer.concat([Buffer.from(`${number}:`), Buffer.alloc((number * 31) % 700, number)]);
  const told = log.append(payload).then(
    (position) => tell(`+${number} ${position}`),
    (error) => tell(`-${number} ${error.code}`),
  );
  if (number % 4 === 3) await setImmediate();
  if (number % 20 === 19) await told;
}
