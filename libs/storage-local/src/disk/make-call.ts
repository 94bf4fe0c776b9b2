import type { DiskCall } from './disk-messages.js';
import { appendFile, syncFile, writeFiles, type AppendedFile } from './file-calls.js';

/** On the thread that calls. */
export function makeCall(call: DiskCall): AppendedFile | undefined {
  if (call.kind === 'append') return appendFile(call.append);
  if (call.kind === 'write') writeFiles(call.writes);
  else syncFile(call.sync);
  return undefined;
}
