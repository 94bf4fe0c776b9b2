import type { Job, StateStore } from '@joblet/state-store';

/** Jobs read at a time: some megabytes at the most, mostly. */
const PAGE = 1_000;

/** Every job, the oldest first, in pages. */
export async function* allJobs(store: StateStore): AsyncGenerator<readonly Job[]> {
  for (let cursor: string | undefined = ''; cursor !== undefined;) {
    const { jobs, nextCursor }: Awaited<ReturnType<StateStore['list']>> = await store.list({
      limit: PAGE,
      ...(cursor !== '' && { cursor }),
    });
    yield jobs;
    cursor = nextCursor;
  }
}

/** For a progress bar. */
export async function countJobs(store: StateStore): Promise<number> {
  let count = 0;
  for await (const jobs of allJobs(store)) count += jobs.length;
  return count;
}
