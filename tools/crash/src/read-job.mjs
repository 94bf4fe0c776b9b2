import { StorageError } from '@joblet/storage';

/** All rows that a query gives. Throws at a gap: nothing here is ever lost. `undefined`: nothing is known of the job. */
export async function readRows(items) {
  const rows = [];
  try {
    for await (const item of items) {
      if (item.kind === 'gap') throw new Error(`a gap behind row ${item.afterOrdinal}: ${item.reason}`);
      for (const row of item) rows.push(row);
    }
  } catch (error) {
    if (error instanceof StorageError && error.code === 'JOB_NOT_FOUND') return undefined;
    throw error;
  }
  return rows;
}
