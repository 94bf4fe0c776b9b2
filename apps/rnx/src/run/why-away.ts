import { lstatSync } from 'node:fs';

/** Why a producer could not connect, for a person, with what to do. */
export function whyAway(error: Error, socketPath: string): string {
  switch ('code' in error ? error.code : undefined) {
    case 'ENOENT':
    case 'ENOTDIR':
      return `persist was not running: no socket at ${socketPath}; see that it runs (joblet-persist)`;
    case 'ECONNREFUSED':
      return isNoSocket(socketPath)
        ? `${socketPath} is no socket; name the write channel, persist.ipc.socket`
        : `persist was not running: nobody listened at ${socketPath}; see that it runs (joblet-persist)`;
    case 'EACCES':
    case 'EPERM':
      return `no permission to use ${socketPath}; become the user who runs persist`;
    case 'NOT_A_WRITE_CHANNEL':
      return `${socketPath} is not persist's write channel; name persist.ipc.socket`;
    default:
      return `persist was away: ${error.message}`;
  }
}

function isNoSocket(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isSocket() === false;
  } catch {
    // It may not be looked at: then nothing is known.
    return false;
  }
}
