export { openWal } from './open-wal.js';
export type { ReadFrom, WalOptions, WriteAheadLog } from './write-ahead-log.js';
export { WalError } from './wal-error.js';
export type { WalErrorCode } from './wal-error.js';
export type { WalEvent } from './wal-event.js';
export type { LogHole, LogRecord } from './segment-scan.js';

// For looking at a log beside the one who has it open:
export { inspectSegment, inspectWal } from './inspect-wal.js';
export type { InspectOptions, LogItem, LogSegment, LogTail } from './inspect-wal.js';

// For tests and other file systems:
export type { Disk, DiskFile } from './disk.js';
export { crc32c } from './crc32c.js';
