import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Gap, LogBatch, LogRow, MetricBatch, MetricRow } from '@joblet/storage';

/** A data directory written by the real Go service, and damaged copies; testdata/go/README.md tells how. */
export const GO_STORE = fileURLToPath(new URL('../../../../testdata/go/store', import.meta.url));

/** A new directory, and what removes it. */
export async function tempDirectory(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'joblet-local-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** A private copy of the Go service's data directory. */
export async function goStoreCopy(): Promise<{ path: string; remove: () => Promise<void> }> {
  const directory = await tempDirectory();
  await cp(GO_STORE, directory.path, { recursive: true });
  return directory;
}

export async function collect<Batch extends LogBatch | MetricBatch>(
  items: AsyncIterable<Batch | Gap>,
): Promise<{ rows: (Batch extends LogBatch ? LogRow : MetricRow)[]; gaps: Gap[] }> {
  const rows: (Batch extends LogBatch ? LogRow : MetricRow)[] = [];
  const gaps: Gap[] = [];
  for await (const item of items) {
    if (isGap(item)) gaps.push(item);
    else rows.push(...(item as Iterable<(typeof rows)[number]>));
  }
  return { rows, gaps };
}

function isGap(item: { kind: string }): item is Gap {
  return item.kind === 'gap';
}
