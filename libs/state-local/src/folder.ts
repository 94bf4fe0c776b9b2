import { mkdir, open, readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { damaged } from './errors.js';

/** Makes the folder, for its owner only, so that it outlasts a power cut. `directory` is absolute. */
export async function makeFolder(directory: string): Promise<void> {
  const first = await mkdir(directory, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = directory; made.length >= first.length; made = dirname(made))
    await syncFolder(dirname(made));
}

/** LevelDB takes a folder without CURRENT for a new one, and removes the data that it finds there. */
export async function checkFolder(directory: string): Promise<void> {
  const names = await readdir(directory);
  const data = names.find((name) => /^\d+\.(?:ldb|sst|log)$/.test(name));
  if (data !== undefined && !names.includes('CURRENT')) {
    throw damaged(`${directory} has LevelDB's data (${data}), but not its file CURRENT`);
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
