import { close, closeSync, constants, fstatSync, lstatSync, openSync, read, type BigIntStats } from 'node:fs';
import { promisify } from 'node:util';
import { StorageError } from '@joblet/storage';
import { errorCode, isMissing } from '../errors.js';
import { placeIn, type ByteSource } from './byte-source.js';
import type { ByteRange } from './member.js';

const readAsync = promisify(read);
const closeAsync = promisify(close);

/** Without O_NONBLOCK, a FIFO that nobody writes to would hold up the process. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * A file as far as it counts. Undefined when it is not there, or has nothing to see; what is there instead, when it is
 * no file. At once, so that several can be opened with no write or delete in between. `length`: at most so many bytes;
 * undefined: all. Held open, a delete changes nothing; else it is opened for each piece, and has to be there still.
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
  if (stats.isFile() && size > 0 && isHeld) return new HeldFile(path, size, fd);
  closeSync(fd);
  if (stats.isFile()) return size > 0 ? new ReopenedFile(path, size, stats) : undefined;
  return stats.isDirectory() ? 'a directory' : stats.isFIFO() ? 'a FIFO' : 'a device';
}

class HeldFile implements ByteSource {
  readonly path: string;
  readonly size: number;
  private readonly fd: number;

  constructor(path: string, size: number, fd: number) {
    this.path = path;
    this.size = size;
    this.fd = fd;
  }

  async fill(target: Buffer, offset: number): Promise<void> {
    await fillFrom(this.fd, target, offset, this);
  }

  place(range: ByteRange): string {
    return placeIn(this.path, range);
  }

  async close(): Promise<void> {
    await closeAsync(this.fd);
  }
}

class ReopenedFile implements ByteSource {
  readonly path: string;
  readonly size: number;
  private readonly identity: Pick<BigIntStats, 'dev' | 'ino'>;

  constructor(path: string, size: number, { dev, ino }: BigIntStats) {
    this.path = path;
    this.size = size;
    this.identity = { dev, ino };
  }

  async fill(target: Buffer, offset: number): Promise<void> {
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

  place(range: ByteRange): string {
    return placeIn(this.path, range);
  }

  /** Nothing is open. */
  close(): Promise<void> {
    return Promise.resolve();
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
