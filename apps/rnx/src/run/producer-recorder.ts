import { setTimeout as delay } from 'node:timers/promises';
import { createProducer, ProducerError, type Producer, type ProducerEvent } from '@joblet/producer';
import type { MetricData } from '@joblet/wire';
import { plural } from '../format.js';
import {
  BUFFER_BYTES_MAX,
  CLOSE_TIMEOUT_MS,
  CLOSE_TIMEOUT_NEVER_CONNECTED_MS,
  ROOM_POLL_MS,
  STALL_MAX_MS,
} from '../limits.js';
import { LossCount, type RowSize } from './loss-count.js';
import type { Recorder } from './recorder.js';
import { StallWatch } from './stall-watch.js';
import { whyAway } from './why-away.js';

export interface ProducerRecorderOptions {
  readonly jobId: string;
  readonly socketPath: string;
  /** Rows that wait to be sent at the most. */
  readonly bufferRowsMax: number;
  /** Longest pause between two attempts to connect. */
  readonly reconnectCapMs: number;
  /** Attempts in a row before giving up; 0: no limit. */
  readonly reconnectAttemptsMax: number;
  /** A line on stderr for a person. */
  readonly note: (line: string) => void;
  /** Default: a timer. */
  readonly sleep?: (delayMs: number) => Promise<void>;
  /** A clock that is never set. Default: performance.now. */
  readonly nowMs?: () => number;
}

/**
 * Records through a producer. While persist takes rows, a full buffer holds the job back. While persist is away (an
 * attempt to connect has failed, or it has taken nothing for STALL_MAX_MS), what the buffer cannot hold is dropped and
 * counted; its sequence numbers are used up, so that readers see the gap.
 */
export class ProducerRecorder implements Recorder {
  private readonly options: ProducerRecorderOptions;
  private readonly producer: Producer;
  private readonly lost = new LossCount();
  /** All rows that the buffer took. */
  private readonly taken = new LossCount();
  private readonly stalls: StallWatch;
  /** Sizes of the rows that the buffer took, the newest last: all that may still be in it. */
  private sizes: RowSize[] = [];
  private connections = 0;
  private breaks = 0;
  private unreachable = false;
  private lastError: Error | undefined;
  /** The count of sent rows while which persist is taken for away. */
  private stalledAt: number | undefined;

  constructor(options: ProducerRecorderOptions) {
    const { socketPath, bufferRowsMax, reconnectCapMs, reconnectAttemptsMax } = options;
    this.options = options;
    this.stalls = new StallWatch(options.nowMs ?? (() => performance.now()));
    this.producer = createProducer({
      socketPath,
      bufferRowsMax,
      bufferBytesMax: BUFFER_BYTES_MAX,
      reconnectCapMs,
      reconnectAttemptsMax,
      whenFull: 'drop-newest',
      onEvent: (event) => this.follow(event),
    });
  }

  async rows(stream: 1 | 2, rows: readonly Uint8Array[]): Promise<void> {
    const { jobId } = this.options;
    for (const content of rows) {
      if (this.isFull) await this.waitForRoom();
      await this.give(content.length, () => this.producer.write({ jobId, stream, content }));
    }
  }

  async sample(data: MetricData): Promise<void> {
    await this.give('sample', () => this.producer.writeMetric({ jobId: this.options.jobId, data }));
  }

  async close(): Promise<void> {
    const timeoutMs = this.connections > 0 ? CLOSE_TIMEOUT_MS : CLOSE_TIMEOUT_NEVER_CONNECTED_MS;
    const { bufferedRows, sentRows } = this.producer.stats;
    if (bufferedRows > 0) this.stalls.look(sentRows);
    const { unsentRows } = await this.producer.close({ timeoutMs });
    if (unsentRows > 0) this.stalls.look(this.producer.stats.sentRows);
    const lost = this.lostText(unsentRows);
    if (lost !== '') this.options.note(`not kept: ${lost}; ${this.reason()}`);
    if (this.breaks > 0) {
      const times = plural(this.breaks, 'time');
      this.options.note(
        `the connection to persist broke ${times}: what was under way may be missing or twice`,
      );
    }
  }

  /** `up to`: of what was under way on a connection, some may have arrived. */
  private lostText(unsentRows: number): string {
    const wentElsewhere = isForeign(this.lastError);
    const unsent = unsentRows === 0 ? [] : this.sizes.slice(-unsentRows);
    if (wentElsewhere) this.lost.addAll(this.taken);
    else for (const size of unsent) this.lost.add(size);
    const isExact = wentElsewhere ? this.breaks === 0 : unsentRows === 0 || this.connections === 0;
    const lost = this.lost.toString();
    return lost === '' || isExact ? lost : `up to ${lost}`;
  }

  private reason(): string {
    if (this.lastError) return whyAway(this.lastError, this.options.socketPath);
    const seconds = Math.floor(this.stalls.longestMs / 1_000);
    const what = seconds > 0 ? `persist took nothing for ${seconds} s` : 'persist was too slow';
    return `${what}; see its log and /health`;
  }

  private get isFull(): boolean {
    const { bufferedRows, bufferedBytes } = this.producer.stats;
    return bufferedRows >= this.options.bufferRowsMax || bufferedBytes >= BUFFER_BYTES_MAX;
  }

  private get isAway(): boolean {
    return this.unreachable || this.stalledAt === this.producer.stats.sentRows;
  }

  /** Resolves when the buffer has room, or when waiting for it makes no sense. */
  private async waitForRoom(): Promise<void> {
    const { sleep = delay } = this.options;
    let { sentRows } = this.producer.stats;
    let idleMs = 0;
    while (this.isFull && !this.isAway) {
      await sleep(ROOM_POLL_MS);
      idleMs = this.producer.stats.sentRows === sentRows ? idleMs + ROOM_POLL_MS : 0;
      sentRows = this.producer.stats.sentRows;
      this.stalls.look(sentRows);
      if (idleMs >= STALL_MAX_MS) this.stalledAt = sentRows;
    }
  }

  private async give(size: RowSize, write: () => Promise<void>): Promise<void> {
    const { droppedRows } = this.producer.stats;
    const written = write();
    const dropped = this.producer.stats.droppedRows > droppedRows;
    try {
      await written;
      if (dropped) {
        this.lost.add(size);
      } else {
        this.sizes.push(size);
        this.taken.add(size);
      }
    } catch (error) {
      this.lost.add(size);
      this.lastError = error instanceof Error ? error : new Error(String(error));
    }
    const keep = this.options.bufferRowsMax + 1;
    if (this.sizes.length > 2 * keep) this.sizes = this.sizes.slice(-keep);
  }

  private follow(event: ProducerEvent): void {
    switch (event.type) {
      case 'connected':
        this.connections++;
        this.unreachable = false;
        break;
      case 'connect-failed':
      case 'gave-up':
        this.unreachable = true;
        this.lastError = event.error;
        break;
      case 'disconnected':
        if (!isForeign(event.error)) this.breaks++;
        break;
      case 'dropping':
        // Counted where the row is given.
        break;
    }
  }
}

/** Whether something else than persist's write channel answered: it keeps nothing. */
function isForeign(error: Error | undefined): boolean {
  return error instanceof ProducerError && error.code === 'NOT_A_WRITE_CHANNEL';
}
