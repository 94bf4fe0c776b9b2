import { appendFile, syncData, syncFolder, writeFiles, type FileCalls } from './file-calls.js';

/** On the thread that calls: for files that are few, or where there is no other. */
export function inlineCalls(): FileCalls {
  return {
    append: async (append) => appendFile(append),
    write: async (writes) => writeFiles(writes),
    syncData,
    syncFolder: async (path) => syncFolder(path),
    close: () => Promise.resolve(),
  };
}
