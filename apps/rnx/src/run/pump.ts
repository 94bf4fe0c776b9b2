import type { Readable } from 'node:stream';
import { LineSplitter } from './line-splitter.js';
import type { Passage } from './passage.js';

/**
 * Passes one stream of a command on, byte for byte and at once, and records it row by row, no faster than both take it.
 * When the reader of `target` has gone the command's pipe is closed, so that it gets SIGPIPE as it would without us.
 */
export async function pump(
  source: Readable,
  target: Passage,
  record: (rows: readonly Uint8Array[]) => Promise<void>,
): Promise<void> {
  const splitter = new LineSplitter();
  try {
    for await (const chunk of source) {
      const passed = target.write(chunk);
      await record(splitter.push(chunk));
      await passed;
      if (target.error?.code === 'EPIPE') break;
    }
  } catch (error) {
    // Somebody closed the source: what came until then counts.
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE'))
      throw error;
  }
  const last = splitter.end();
  if (last) await record([last]);
}
