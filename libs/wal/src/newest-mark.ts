import { join } from 'node:path';
import type { Disk } from './disk.js';
import { isMissing } from './errors.js';
import { markName, positionOfMark, segmentName } from './file-names.js';
import type { Segment } from './open-segments.js';

/**
 * Marks the segment as the newest one, which is durable already. The mark itself need not be, and it is no matter if it cannot be
 * made: it only tells what somebody takes away.
 */
export async function markNewest(disk: Disk, directory: string, firstPosition: bigint): Promise<void> {
  try {
    const older = (await disk.list(directory)).filter((name) => positionOfMark(name) !== undefined);
    const file = await disk.create(join(directory, markName(firstPosition)));
    await file.close();
    for (const name of older) await disk.remove(join(directory, name));
  } catch {
    // See above.
  }
}

/**
 * The segment that was the newest one, and is not there, or something else is in its place; undefined: none is missing, as far as marks
 * tell. `isWritten`: somebody may be writing the log, so that a segment may have been made after they were listed.
 */
export async function missingNewest(
  disk: Pick<Disk, 'list' | 'open'>,
  directory: string,
  segments: readonly Segment[],
  { isWritten }: { readonly isWritten: boolean },
): Promise<Segment | undefined> {
  const marked = (await disk.list(directory)).map((name) => positionOfMark(name) ?? -1n);
  const firstPosition = marked.reduce((newest, position) => (position > newest ? position : newest), -1n);
  if (firstPosition < 0n || segments.some((segment) => segment.firstPosition >= firstPosition))
    return undefined;
  const path = join(directory, segmentName(firstPosition));
  return isWritten && (await isThere(disk, path)) ? undefined : { path, firstPosition, isRecycled: false };
}

async function isThere(disk: Pick<Disk, 'open'>, path: string): Promise<boolean> {
  try {
    const file = await disk.open(path);
    await file.close();
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
