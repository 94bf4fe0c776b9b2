import { encodeIpcMessage, encodeLogLine, encodeMetric, MessageType } from '@joblet/wire';
import { checkLog, checkMetric } from './check-row.js';
import { FrameQueue } from './frame-queue.js';
import { CLOSE_TIMEOUT_MS, JOBS_MIN } from './limits.js';
import { ProducerError } from './producer-error.js';
import type { ProducerOptions } from './producer-options.js';
import type { CloseReport, NewLog, NewMetric, Producer, ProducerStats } from './producer.js';
import { Sender } from './sender.js';
import { Sequences } from './sequences.js';

/** The version of the protocol that an IPCMessage names. */
const VERSION = 1;

interface Waiter {
  message: Uint8Array;
  resolve: () => void;
  reject: (error: Error) => void;
}

interface Flusher {
  /** The count of sent rows that it waits for. */
  sentRows: number;
  resolve: () => void;
  reject: (error: Error) => void;
}

export class BufferedProducer implements Producer {
  private readonly options: Required<ProducerOptions>;
  private readonly queue = new FrameQueue();
  private readonly sender: Sender;
  private readonly logSequences = new Sequences(JOBS_MIN);
  private readonly metricSequences = new Sequences(JOBS_MIN);
  /** Empty unless the buffer is full. */
  private readonly waiters = new Set<Waiter>();
  private readonly flushers = new Set<Flusher>();
  private acceptedRows = 0;
  private droppedRows = 0;
  private isDropping = false;
  private refusal: ProducerError | undefined;
  private closing: Promise<CloseReport> | undefined;

  constructor(options: Required<ProducerOptions>) {
    this.options = options;
    this.sender = new Sender(this.queue, options, {
      sent: () => this.sent(),
      gaveUp: (error) => {
        this.refusal = error;
        this.rejectAll(error);
      },
    });
  }

  get stats(): ProducerStats {
    const { state, sentRows, uncertainRows, reconnects } = this.sender;
    const { acceptedRows, droppedRows, queue, waiters } = this;
    const buffered = { bufferedRows: queue.rows, bufferedBytes: queue.bytes, waitingRows: waiters.size };
    return { state, acceptedRows, sentRows, ...buffered, droppedRows, uncertainRows, reconnects };
  }

  async write(row: NewLog): Promise<void> {
    checkLog(row, this.options.frameSizeMax);
    if (this.refusal) throw this.refusal;
    const { jobId, stream, content, timestamp = this.options.now() } = row;
    const sequence = this.logSequences.next(jobId);
    if (this.mustDrop(jobId)) return;
    const data = encodeLogLine({ jobId, stream, timestamp, sequence, content });
    await this.enqueue(
      encodeIpcMessage({ version: VERSION, type: MessageType.LOG, jobId, timestamp, sequence, data }),
    );
  }

  async writeMetric(sample: NewMetric): Promise<void> {
    checkMetric(sample);
    if (this.refusal) throw this.refusal;
    const { jobId, timestamp = this.options.now() } = sample;
    const sequence = this.metricSequences.next(jobId);
    if (this.mustDrop(jobId)) return;
    const data = encodeMetric({ jobId, timestamp, sequence, data: sample.data });
    await this.enqueue(
      encodeIpcMessage({ version: VERSION, type: MessageType.METRIC, jobId, timestamp, sequence, data }),
    );
  }

  async flush({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    signal?.throwIfAborted();
    const sentRows = this.acceptedRows + this.waiters.size;
    if (this.sender.sentRows >= sentRows) return;
    if (this.sender.state === 'failed' || this.sender.state === 'closed') throw this.refusal;
    const settled = new AbortController();
    await new Promise<void>((resolve, reject) => {
      const flusher = { sentRows, resolve, reject };
      this.flushers.add(flusher);
      settled.signal.addEventListener('abort', () => this.flushers.delete(flusher));
      signal?.addEventListener('abort', () => reject(signal.reason), { signal: settled.signal });
    }).finally(() => settled.abort());
  }

  close({ timeoutMs = CLOSE_TIMEOUT_MS }: { timeoutMs?: number } = {}): Promise<CloseReport> {
    this.closing ??= this.runClose(timeoutMs);
    return this.closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private get isFull(): boolean {
    const { bufferBytesMax, bufferRowsMax } = this.options;
    return this.queue.bytes >= bufferBytesMax || this.queue.rows >= bufferRowsMax;
  }

  /** A dropped row has taken its sequence number, so that the gap shows. */
  private mustDrop(jobId: string): boolean {
    if (this.options.whenFull !== 'drop-newest' || !this.isFull) return false;
    this.droppedRows++;
    if (!this.isDropping) this.options.onEvent({ type: 'dropping', jobId });
    this.isDropping = true;
    return true;
  }

  private async enqueue(message: Uint8Array): Promise<void> {
    if (!this.isFull) {
      this.accept(message);
      return;
    }
    await new Promise<void>((resolve, reject) => this.waiters.add({ message, resolve, reject }));
  }

  private accept(message: Uint8Array): void {
    this.queue.push(message);
    this.acceptedRows++;
    this.sender.wake();
  }

  private sent(): void {
    const { bufferBytesMax, bufferRowsMax } = this.options;
    for (const waiter of this.waiters) {
      if (this.isFull) break;
      this.waiters.delete(waiter);
      this.accept(waiter.message);
      waiter.resolve();
    }
    if (this.queue.bytes <= bufferBytesMax / 2 && this.queue.rows <= bufferRowsMax / 2)
      this.isDropping = false;
    for (const flusher of this.flushers) {
      if (this.sender.sentRows >= flusher.sentRows) flusher.resolve();
    }
  }

  private async runClose(timeoutMs: number): Promise<CloseReport> {
    const error = new ProducerError('CLOSED', 'the producer is closed');
    this.refusal = error;
    const abort = new AbortController();
    const timer = this.options.schedule(() => abort.abort(), timeoutMs);
    // Whether it did, and what is left if not, the report tells.
    await this.flush({ signal: abort.signal }).catch(() => undefined);
    timer.cancel();
    const unsentRows = this.queue.rows + this.waiters.size;
    await this.sender.stop();
    this.rejectAll(error);
    return { unsentRows, droppedRows: this.droppedRows, uncertainRows: this.sender.uncertainRows };
  }

  private rejectAll(error: ProducerError): void {
    for (const { reject } of [...this.waiters, ...this.flushers]) reject(error);
    this.waiters.clear();
  }
}
