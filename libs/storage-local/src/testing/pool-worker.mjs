// Stands in for block/build-worker.js. Answers in order, a turn later each; what a block's `stream` says is how many
// messages it had been given and not answered; its member is the rows' bytes. Jobs named `die` and `fail` do so.
import { parentPort } from 'node:worker_threads';

let received = 0;
let answered = 0;

parentPort.on('message', (requests) => {
  received++;
  if (requests.some(({ jobId }) => jobId === 'die')) throw new Error('out of luck');
  setTimeout(() => {
    const answers = requests.map(({ jobId, rows: { buffer, byteLength, count } }) => {
      const member = new Uint8Array(buffer, 24 * count, byteLength).slice();
      const block = { stream: received - answered, member };
      return { spare: buffer, ...(jobId === 'fail' ? { error: 'no row' } : { blocks: [block] }) };
    });
    parentPort.postMessage(
      answers,
      answers.map(({ spare }) => spare),
    );
    answered++;
  }, 5);
});
