import type { Disk, DiskFile } from './disk.js';
import { isMissing } from './errors.js';
import type { Segment } from './open-segments.js';
import { scanSegment, type LogHole, type LogRecord } from './segment-scan.js';

export interface ReadRange {
  /** Records before it are not wanted. */
  readonly from: bigint;
  /** Where the log ends. */
  readonly end: bigint;
}

/** The records of the segments in the range, and the holes in and between them. */
export async function* readSegments(
  disk: Pick<Disk, 'open'>,
  segments: readonly Segment[],
  logCrc: number,
  { from, end }: ReadRange,
): AsyncGenerator<LogRecord | LogHole> {
  for (const [index, segment] of segments.entries()) {
    const segmentEnd = endOf(segments, index) ?? end;
    if (segmentEnd <= from) continue;
    const file = await openIfThere(disk, segment.path);
    if (file === undefined) {
      const start = segment.firstPosition < from ? from : segment.firstPosition;
      yield { kind: 'hole', from: start, to: segmentEnd, reason: `${segment.path} is not there any more` };
      continue;
    }
    try {
      for await (const item of scanSegment({ ...segment, file, logCrc, end: segmentEnd })) {
        const itemEnd = item.kind === 'hole' ? item.to : item.end;
        if (itemEnd > from) yield item;
      }
    } finally {
      await file.close();
    }
  }
}

/** Undefined when it was trimmed, or deleted by somebody else. */
async function openIfThere(disk: Pick<Disk, 'open'>, path: string): Promise<DiskFile | undefined> {
  try {
    return await disk.open(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Where a segment counts to: as the next one says or, if its header is damaged, as the one behind that does. */
export function endOf(segments: readonly Segment[], index: number): bigint | undefined {
  const following = segments.slice(index + 1);
  const intact = following.find(({ previousEnd }) => previousEnd !== undefined);
  const next = following.at(0)?.firstPosition;
  if (next === undefined || intact?.previousEnd === undefined) return next;
  return intact.previousEnd < next ? intact.previousEnd : next;
}
