import type { DiskCall } from './disk-messages.js';
import { appendFile, syncFolder, writeFiles, type AppendedFile } from './file-calls.js';

/** On the thread that calls. */
export function makeCall(call: DiskCall): AppendedFile | undefined {
  if (call.kind === 'append') return appendFile(call.append);
  if (call.kind === 'write') writeFiles(call.writes);
  else syncFolder(call.path);
  return undefined;
}
