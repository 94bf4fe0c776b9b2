// Stands in for block/build-worker.js. Answers in order, a turn later each; what a block's `stream` says is how many
// requests it had been given and not answered; its member is the rows' bytes. Jobs named `die` and `fail` do so.
import { parentPort } from 'node:worker_threads';

let received = 0;
let answered = 0;

parentPort.on('message', ({ jobId, rows: { buffer, byteLength, count } }) => {
  received++;
  if (jobId === 'die') throw new Error('out of luck');
  setTimeout(() => {
    const block = {
      stream: received - answered,
      member: new Uint8Array(buffer, 24 * count, byteLength).slice(),
    };
    const answer = jobId === 'fail' ? { error: 'no row' } : { blocks: [block] };
    parentPort.postMessage({ spare: buffer, ...answer }, [buffer]);
    answered++;
  }, 5);
});
