import { close, closeSync, constants, fstatSync, lstatSync, openSync, read, type BigIntStats } from 'node:fs';
import { promisify } from 'node:util';
import { StorageError } from '@joblet/storage';
import { errorCode, isMissing } from '../errors.js';
import { READ_FILES_HELD_MAX, READ_FILES_REOPENED_MAX } from '../limits.js';
import { placeIn, type ByteSource, type FileVersion } from './byte-source.js';
import type { ByteRange } from './member.js';

const readAsync = promisify(read);
const closeAsync = promisify(close);

/** Of all reads of the process. */
let filesHeld = 0;
let filesReopened = 0;
const waiting: (() => void)[] = [];

/** Without O_NONBLOCK, a FIFO that nobody writes to would hold up the process. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * A file as far as it counts. Undefined when it is not there, or has nothing to see; what is there instead, when it is
 * no file. At once, so that several can be opened with no write or delete in between. `length`: at most so many bytes;
 * undefined: all. Held open, a delete changes nothing; else, and when reads hold too many files already, it is opened for
 * each piece, and has to be there still.
 */
export function openBytesSync(
  path: string,
  length: number | undefined,
  isHeld: boolean,
): ByteSource | string | undefined {
  if (length === 0) return undefined;
  let fd: number;
  try {
    fd = openSync(path, FLAGS);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENXIO') return 'a socket or a device';
    if (code === 'ELOOP') return 'a symbolic link to itself';
    if (!isMissing(error)) throw error;
    return lstatSync(path, { throwIfNoEntry: false }) && 'a symbolic link to nothing';
  }
  const stats = fstatSync(fd, { bigint: true });
  const size = length ?? Number(stats.size);
  if (stats.isFile() && size > 0 && isHeld && filesHeld < READ_FILES_HELD_MAX)
    return new HeldFile(path, size, versionOf(stats), fd);
  closeSync(fd);
  if (stats.isFile()) return size > 0 ? new ReopenedFile(path, size, stats) : undefined;
  return stats.isDirectory() ? 'a directory' : stats.isFIFO() ? 'a FIFO' : 'a device';
}

function versionOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): FileVersion {
  return { file: `${dev} ${ino}`, size: Number(size), changed: `${mtimeNs} ${ctimeNs}` };
}

class HeldFile implements ByteSource {
  readonly path: string;
  readonly size: number;
  readonly version: FileVersion;
  private readonly fd: number;

  constructor(path: string, size: number, version: FileVersion, fd: number) {
    this.path = path;
    this.size = size;
    this.version = version;
    this.fd = fd;
    filesHeld++;
  }

  async fill(target: Buffer, offset: number): Promise<void> {
    await fillFrom(this.fd, target, offset, this);
  }

  place(range: ByteRange): string {
    return placeIn(this.path, range);
  }

  async close(): Promise<void> {
    filesHeld--;
    await closeAsync(this.fd);
  }
}

class ReopenedFile implements ByteSource {
  readonly path: string;
  readonly size: number;
  readonly version: FileVersion;
  private readonly identity: Pick<BigIntStats, 'dev' | 'ino'>;

  constructor(path: string, size: number, stats: BigIntStats) {
    const { dev, ino } = stats;
    this.path = path;
    this.size = size;
    this.version = versionOf(stats);
    this.identity = { dev, ino };
  }

  async fill(target: Buffer, offset: number): Promise<void> {
    while (filesReopened >= READ_FILES_REOPENED_MAX)
      await new Promise<void>((resolve) => waiting.push(resolve));
    filesReopened++;
    try {
      await this.fillOpened(target, offset);
    } finally {
      filesReopened--;
      waiting.shift()?.();
    }
  }

  place(range: ByteRange): string {
    return placeIn(this.path, range);
  }

  /** Nothing is open. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  private async fillOpened(target: Buffer, offset: number): Promise<void> {
    const fd = openSync(this.path, FLAGS);
    try {
      const { dev, ino } = fstatSync(fd, { bigint: true });
      if (dev !== this.identity.dev || ino !== this.identity.ino) {
        throw new StorageError('UNAVAILABLE', `${this.path} became another file while it was read`);
      }
      await fillFrom(fd, target, offset, this);
    } finally {
      closeSync(fd);
    }
  }
}

async function fillFrom(fd: number, target: Buffer, offset: number, file: ByteSource): Promise<void> {
  for (let filled = 0; filled < target.length;) {
    const { bytesRead } = await readAsync(fd, target, filled, target.length - filled, offset + filled);
    if (bytesRead === 0) {
      throw new StorageError(
        'UNAVAILABLE',
        `${file.path} became shorter than ${file.size} bytes while it was read`,
      );
    }
    filled += bytesRead;
  }
}
