import { crc32c } from './crc32c.js';
import type { Disk } from './disk.js';
import { missingNewest } from './newest-mark.js';
import { nodeDisk } from './node-disk.js';
import {
  idOfSegments,
  listSegments,
  makeLogId,
  newLogId,
  readLogId,
  removeUnfinished,
  unusedPosition,
  type Segment,
} from './open-segments.js';
import { RECORD_ALIGNMENT } from './record-header.js';
import { SEGMENT_HEADER_BYTES } from './segment-header.js';
import { scanSegment } from './segment-scan.js';
import { toWalError } from './wal-error.js';
import type { WalEvent } from './wal-event.js';
import { WriteAheadLog, type WalOptions } from './write-ahead-log.js';

/** Opens the log, or makes one. Finds where it ends, and cuts off what a crash left behind that. Rejects with WalError. */
export async function openWal(options: WalOptions): Promise<WriteAheadLog> {
  const { directory, disk = nodeDisk, onEvent = () => undefined } = options;
  try {
    await disk.makeDirectory(directory);
    let id = await readLogId(disk, directory);
    if (id === undefined) {
      id = Buffer.from((await idOfSegments(disk, directory)) ?? newLogId());
      await makeLogId(disk, directory, id);
    }
    await removeUnfinished(disk, directory);
    const segments = await listSegments(disk, directory, id, onEvent);
    const missing = await missingNewest(disk, directory, segments, { isWritten: false });
    let end = await cutTornTail(disk, segments.at(-1), crc32c(id), onEvent);
    if (missing) {
      // Reading tells of a hole there.
      segments.push(missing);
      end = missing.firstPosition + BigInt(RECORD_ALIGNMENT);
    }
    const unused = await unusedPosition(disk, directory, alignedUp(options.usedUpTo ?? 0n, end));
    return new WriteAheadLog({ ...options, disk, onEvent }, id, segments, { end, unused });
  } catch (error) {
    throw toWalError(error, `opening the log in ${directory}`);
  }
}

/** The first position for a record at or behind both. */
function alignedUp(used: bigint, end: bigint): bigint {
  const alignment = BigInt(RECORD_ALIGNMENT);
  const aligned = ((used + alignment - 1n) / alignment) * alignment;
  return aligned > end ? aligned : end;
}

/** Where the log ends. */
async function cutTornTail(
  disk: Disk,
  newest: Segment | undefined,
  logCrc: number,
  onEvent: (event: WalEvent) => void,
): Promise<bigint> {
  if (newest === undefined) return 0n;
  const { path, firstPosition, isRecycled } = newest;
  const file = await disk.open(path);
  try {
    const items = scanSegment({ file, path, firstPosition, isRecycled, logCrc, isReused: true });
    let step = await items.next();
    while (!step.done) step = await items.next();
    const { end, tornBytes } = step.value;
    if (tornBytes > 0 || isRecycled) await file.truncate(SEGMENT_HEADER_BYTES + Number(end - firstPosition));
    if (tornBytes > 0) onEvent({ type: 'torn-tail', path, bytes: tornBytes });
    // What was found is durable from now on, also when its writer never got to sync it.
    await file.sync();
    return end;
  } finally {
    await file.close();
  }
}
