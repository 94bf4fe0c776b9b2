import { crc32c } from './crc32c.js';
import type { Disk } from './disk.js';
import {
  PENDING_BYTES_MAX,
  RECORD_BYTES_MAX,
  SEGMENT_BYTES,
  SYNC_INTERVAL_MS,
  WRITE_BYTES_MAX,
} from './limits.js';
import { isMissing } from './errors.js';
import type { Segment } from './open-segments.js';
import { paddingBytes, recordBytes, RECORD_HEADER_BYTES, writeRecordHeader } from './record-header.js';
import { readSegments } from './read-segments.js';
import type { LogHole, LogRecord } from './segment-scan.js';
import { SegmentWriter } from './segment-writer.js';
import { SpareSegments, type Spare } from './spare-segments.js';
import { toWalError, WalError } from './wal-error.js';
import type { WalEvent } from './wal-event.js';

export interface WalOptions {
  /** The log's own; made (0700) when missing. One process at a time: whoever opens it sees to that. */
  readonly directory: string;
  /**
   * When an append resolves: `always` when it is synced; `interval` when it is written, synced at the latest
   * `syncIntervalMs` later; `never` when it is written, and the operating system syncs when it likes.
   */
  readonly sync?: 'always' | 'interval' | 'never';
  /** Default 1,000. */
  readonly syncIntervalMs?: number;
  /** A write that would make the segment larger goes to the next one. Default 64 MiB; asked for before each write. */
  readonly segmentBytes?: () => number;
  /** Positions before it are not used again, also when the log that had them was cut short or taken away. Default 0n. */
  readonly usedUpTo?: bigint;
  /** Bytes that may wait for their write. Default 256 MiB; one record is taken whatever its size. */
  readonly pendingBytesMax?: number;
  readonly onEvent?: (event: WalEvent) => void;
  /** For tests. */
  readonly disk?: Disk;
}

export interface ReadFrom {
  /** Records before it are not wanted, but all behind it are: what is not there is a hole. Default: all that is there. */
  readonly from?: bigint;
}

interface Append {
  readonly parts: readonly Uint8Array[];
  readonly payloadBytes: number;
  readonly bytes: number;
  resolve(position: bigint): void;
  reject(error: unknown): void;
}

const PADDING = Buffer.alloc(8);

/**
 * An append-only log in segment files, with group commit: what is appended while a write is under way is the next write,
 * with one sync. Appends resolve in order.
 *
 * After a failed write or sync, the segment is closed for good, and all appends of that write are refused; the next
 * one begins a new segment, whose header says where the old one counts to.
 */
export class WriteAheadLog {
  readonly directory: string;
  private readonly options: WalOptions & { readonly disk: Disk; readonly onEvent: (event: WalEvent) => void };
  private readonly id: Uint8Array;
  private readonly logCrc: number;
  private readonly closed: Segment[];
  private writer: SegmentWriter | undefined;
  private queue: Append[] = [];
  private queuedBytes = 0;
  private running: Promise<void> | undefined;
  /** Behind the last record that resolved. */
  private committed: bigint;
  /** Never used before, by refused records either. */
  private unused: bigint;
  /** Whether the newest segment may have records that were refused. */
  private hasRefused = false;
  private closing: Promise<void> | undefined;
  private syncTimer: NodeJS.Timeout | undefined;
  private trimming: Promise<void> = Promise.resolve();
  /** Closed by this process, whole and synced. */
  private readonly sound = new Set<Segment>();
  private readonly spares: SpareSegments;
  private readers = 0;

  /** For `openWal`. */
  constructor(
    options: WalOptions & { readonly disk: Disk; readonly onEvent: (event: WalEvent) => void },
    id: Uint8Array,
    segments: readonly Segment[],
    { end, unused }: { readonly end: bigint; readonly unused: bigint },
  ) {
    this.options = options;
    this.directory = options.directory;
    this.id = id;
    this.logCrc = crc32c(id);
    this.closed = [...segments];
    this.committed = end;
    this.unused = unused;
    this.spares = new SpareSegments(options.disk, options.directory);
  }

  /** Position behind the last record that was appended, and resolved. */
  get end(): bigint {
    return this.committed;
  }

  /** Of the oldest segment that is there; what is before it was trimmed, or is lost. */
  get start(): bigint {
    return this.closed[0]?.firstPosition ?? this.writer?.firstPosition ?? this.committed;
  }

  /** Files that the log has. */
  get segments(): number {
    return this.closed.length + (this.writer ? 1 : 0);
  }

  /** Bytes that wait for their write. */
  get pendingBytes(): number {
    return this.queuedBytes;
  }

  /**
   * Appends one record, whose bytes are the parts one behind the other; resolves to its position when it is as durable
   * as `sync` says. The bytes must not change until then. After a rejection the record is not in the log; only when
   * the process dies before the next append resolves may it be found there.
   */
  append(record: Uint8Array | readonly Uint8Array[]): Promise<bigint> {
    const parts = record instanceof Uint8Array ? [record] : record;
    const payloadBytes = parts.reduce((sum, { length }) => sum + length, 0);
    if (payloadBytes > RECORD_BYTES_MAX) {
      const problem = `record: found ${payloadBytes} bytes, expected at most ${RECORD_BYTES_MAX}`;
      return Promise.reject(new TypeError(problem));
    }
    if (this.closing) return Promise.reject(new WalError('CLOSED', `the log in ${this.directory} is closed`));
    const bytes = recordBytes(payloadBytes);
    const { pendingBytesMax = PENDING_BYTES_MAX } = this.options;
    if (this.queuedBytes > 0 && this.queuedBytes + bytes > pendingBytesMax) {
      const found = `${this.queuedBytes} bytes wait already, expected at most ${pendingBytesMax}`;
      return Promise.reject(new WalError('QUEUE_FULL', `appending ${bytes} bytes: ${found}`));
    }
    return new Promise((resolve, reject) => {
      this.queue.push({ parts, payloadBytes, bytes, resolve, reject });
      this.queuedBytes += bytes;
      this.running ??= this.run();
    });
  }

  /** The records up to the present end, in order, and what is missing between them. */
  async *read({ from }: ReadFrom = {}): AsyncGenerator<LogRecord | LogHole> {
    const { start, committed: end } = this;
    const segments = [...this.closed];
    if (this.writer) segments.push(this.writer);
    // Between the end of the log before the segment and its first position, only refused records can have been.
    const lostTo = segments[0]?.previousEnd ?? start;
    if (from !== undefined && from < lostTo)
      yield { kind: 'hole', from, to: start, reason: `there is no segment of it in ${this.directory}` };
    this.readers++;
    try {
      yield* readSegments(this.options.disk, segments, this.logCrc, { from: from ?? start, end });
    } catch (error) {
      throw toWalError(error, `reading the log in ${this.directory}`);
    } finally {
      this.readers--;
    }
  }

  /** Removes segments, oldest first, that have only records before the position. The newest one stays. */
  trim(before: bigint): Promise<void> {
    this.trimming = this.trimming.catch(() => undefined).then(() => this.trimNow(before));
    return this.trimming;
  }

  /** Syncs what is written, for policies that do not do it at once. Rejects with WalError: some of it may be lost then. */
  async sync(): Promise<void> {
    try {
      await this.writer?.sync();
    } catch (error) {
      await this.fail(error);
      throw toWalError(error, `syncing the log in ${this.directory}`);
    }
  }

  /** Finishes the appends under way. Later ones are refused. */
  close(): Promise<void> {
    this.closing ??= this.closeNow();
    return this.closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private async closeNow(): Promise<void> {
    await this.running;
    clearTimeout(this.syncTimer);
    await this.trimming.catch(() => undefined);
    try {
      if (this.options.sync === 'interval') await this.sync();
      // The next segment's header tells that what was refused counts for nothing; should there be none, nobody would.
      if (this.hasRefused)
        await this.writerFor(0).then(
          (writer) => writer.sync(),
          () => undefined,
        );
    } finally {
      await this.retire();
      await this.spares.drop();
    }
  }

  private async run(): Promise<void> {
    // What is appended in the same turn goes into the same write.
    await Promise.resolve();
    while (this.queue.length > 0) await this.commit(this.take());
    this.running = undefined;
  }

  /** The next write: as much as waits, up to WRITE_BYTES_MAX; a larger record alone. */
  private take(): readonly Append[] {
    let bytes = this.queue[0].bytes;
    let count = 1;
    while (count < this.queue.length && bytes + this.queue[count].bytes <= WRITE_BYTES_MAX)
      bytes += this.queue[count++].bytes;
    return this.queue.splice(0, count);
  }

  private async commit(appends: readonly Append[]): Promise<void> {
    const bytes = appends.reduce((sum, append) => sum + append.bytes, 0);
    let positions: readonly bigint[];
    try {
      const writer = await this.writerFor(bytes);
      const encoded = encodeRecords(appends, writer.end, this.logCrc);
      positions = encoded.positions;
      this.unused = writer.end + BigInt(bytes);
      await writer.write(encoded.buffers);
      if ((this.options.sync ?? 'always') === 'always') await writer.sync();
      else this.syncLater();
      this.committed = writer.end;
      this.hasRefused = false;
    } catch (error) {
      await this.fail(error);
      const refused = toWalError(error, `appending to the log in ${this.directory}`);
      for (const { reject } of appends) reject(refused);
      return;
    } finally {
      this.queuedBytes -= bytes;
    }
    appends.forEach(({ resolve }, index) => resolve(positions[index]));
  }

  /** The newest segment, or a new one when there is none, or no room in it. */
  private async writerFor(bytes: number): Promise<SegmentWriter> {
    const { disk, segmentBytes = () => SEGMENT_BYTES, sync = 'always' } = this.options;
    const { writer } = this;
    if (writer && (writer.end === writer.firstPosition || writer.bytes + bytes <= segmentBytes()))
      return writer;
    if (writer) {
      if (sync !== 'always') await writer.sync();
      await this.retire();
    }
    const { usedUpTo = 0n } = this.options;
    // Without any segment, what was used is lost.
    const previousEnd = this.committed === 0n ? usedUpTo : this.committed;
    const header = { logId: this.id, firstPosition: this.unused, previousEnd };
    // Should making it fail half-way, its name is not used again.
    this.unused += BigInt(RECORD_HEADER_BYTES);
    this.writer =
      (await this.spares.take(header, segmentBytes())) ??
      (await SegmentWriter.create(disk, this.directory, header));
    return this.writer;
  }

  /** The newest segment becomes an old one. */
  private async retire(): Promise<void> {
    const { writer } = this;
    if (writer === undefined) return;
    this.writer = undefined;
    this.closed.push(writer);
    await writer.close();
    this.sound.add(writer);
  }

  private async fail(error: unknown): Promise<void> {
    const { writer } = this;
    if (writer === undefined) return;
    this.writer = undefined;
    this.options.onEvent({ type: 'segment-failed', path: writer.path, error });
    // Closing what has failed may fail as well: that tells nothing new.
    await writer.close().catch(() => undefined);
    // Perhaps space is what it lacked.
    await this.spares.drop();
    this.hasRefused = writer.firstPosition < this.committed;
    if (this.hasRefused) this.closed.push(writer);
    // Left behind, it has to go before the segment that says that it counts for nothing.
    else await this.remove(writer.path).catch(() => this.closed.push(writer));
  }

  private syncLater(): void {
    const { sync, syncIntervalMs = SYNC_INTERVAL_MS } = this.options;
    if (sync !== 'interval' || this.syncTimer) return;
    this.syncTimer = setTimeout(() => {
      this.syncTimer = undefined;
      // What it fails with is told as an event.
      void this.sync().catch(() => undefined);
    }, syncIntervalMs);
    this.syncTimer.unref();
  }

  /** What is gone already was removed when syncing the directory failed. */
  private async remove(path: string): Promise<void> {
    await this.options.disk.remove(path).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
  }

  /** Takes the segment away: to be used again, unless something speaks against it. */
  private async putAside(segment: Segment): Promise<Spare | undefined> {
    const { segmentBytes = () => SEGMENT_BYTES } = this.options;
    // What failed may have pages that never reach the disk; who has it open would see it change.
    const isSound = this.sound.delete(segment) && segment instanceof SegmentWriter;
    const isWanted = !this.spares.isFull && this.readers === 0 && !this.closing;
    if (!isSound || !isWanted || segment.bytes > segmentBytes()) {
      await this.remove(segment.path);
      return undefined;
    }
    return this.spares.rename(segment);
  }

  private async trimNow(before: bigint): Promise<void> {
    const { disk } = this.options;
    try {
      for (;;) {
        const [oldest, second = this.writer] = this.closed;
        if (oldest === undefined || second === undefined || second.firstPosition > before) return;
        const spare = await this.putAside(oldest);
        // One by one: a crash must not bring back an older segment than the oldest that is left.
        await disk.syncDirectory(this.directory);
        this.closed.shift();
        if (spare) this.spares.add(spare);
      }
    } catch (error) {
      throw toWalError(error, `trimming the log in ${this.directory}`);
    }
  }
}

function encodeRecords(
  appends: readonly Append[],
  start: bigint,
  logCrc: number,
): { readonly buffers: readonly Uint8Array[]; readonly positions: readonly bigint[] } {
  const headers = Buffer.alloc(appends.length * RECORD_HEADER_BYTES);
  const buffers: Uint8Array[] = [];
  const positions: bigint[] = [];
  let position = start;
  appends.forEach(({ parts, payloadBytes, bytes }, index) => {
    const at = index * RECORD_HEADER_BYTES;
    const payloadCrc = parts.reduce((crc, part) => crc32c(part, crc), 0);
    writeRecordHeader({ payloadBytes, position, payloadCrc }, logCrc, headers, at);
    buffers.push(headers.subarray(at, at + RECORD_HEADER_BYTES), ...parts);
    buffers.push(PADDING.subarray(0, paddingBytes(payloadBytes)));
    positions.push(position);
    position += BigInt(bytes);
  });
  return { buffers, positions };
}
