import { constants, getPriority, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { WORKER_NICENESS } from '../limits.js';
import type { BuiltBlock } from './block-builder.js';
import { buildBlocks } from './build-blocks.js';
import type { BuildAnswer, BuildMessage } from './build-messages.js';
import { unpackRows } from './packed-rows.js';
import { openLogRowsModule } from './wasm/log-rows-module.js';

const module = openLogRowsModule();

yieldToMainThread();

parentPort?.on('message', (messages: readonly BuildMessage[]) => {
  const built = messages.map(answerTo);
  parentPort?.postMessage(
    built.map(({ answer }) => answer),
    built.flatMap(({ moved }) => moved),
  );
});

/**
 * What the main thread does is waited for; a block is not. Only Linux has priorities of threads: elsewhere it would be the
 * process's.
 */
function yieldToMainThread(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(Math.min(getPriority() + WORKER_NICENESS, constants.priority.PRIORITY_LOW));
  } catch {
    // A sandbox may forbid it: blocks are built all the same.
  }
}

function answerTo(message: BuildMessage): { answer: BuildAnswer; moved: ArrayBuffer[] } {
  const spare = message.rows.buffer;
  try {
    const built = buildBlocks({ ...message, rows: unpackRows(message.rows) }, module);
    const blocks = built.map((block) => ({
      ...block,
      member: ofItsOwn(block.member),
      filter: ofItsOwn(block.filter),
    }));
    return { answer: { spare, blocks }, moved: [spare, ...blocks.flatMap(buffersOf)] };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { answer: { spare, error: text }, moved: [spare] };
  }
}

/** Small buffers share one of Node's, which must not leave the thread. */
function ofItsOwn(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

function buffersOf({
  member,
  filter,
}: BuiltBlock & Record<'member' | 'filter', Uint8Array<ArrayBuffer>>): ArrayBuffer[] {
  return [member.buffer, filter.buffer];
}
