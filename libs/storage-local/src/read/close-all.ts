/** Closes all of them, also when some cannot be closed; the first error is thrown then. */
export async function closeAll(all: readonly { close(): Promise<void> }[]): Promise<void> {
  const results = await Promise.allSettled(all.map((each) => each.close()));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
