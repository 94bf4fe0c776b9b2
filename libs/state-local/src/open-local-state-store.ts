import { resolve } from 'node:path';
import type { StateStore } from '@joblet/state-store';
import { Database } from './database.js';
import { LocalStateStore } from './local-state-store.js';

export interface LocalStateStoreOptions {
  /** Of the store alone; made, with mode 0700, when it is not there. */
  readonly directory: string;
  /** Unix time in milliseconds. Default: Date.now. */
  readonly now?: () => number;
}

/** UNAVAILABLE when another process has the folder open, INTERNAL when what is in it is damaged. */
export async function openLocalStateStore({
  directory,
  now = Date.now,
}: LocalStateStoreOptions): Promise<StateStore> {
  return new LocalStateStore(await Database.open(resolve(directory)), now);
}
