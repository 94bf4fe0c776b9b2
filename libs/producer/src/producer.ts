import type { MetricData } from '@joblet/wire';
import { BufferedProducer } from './buffered-producer.js';
import { checkOptions } from './producer-options.js';
import type { ProducerOptions } from './producer-options.js';
import type { SenderState } from './sender.js';

export interface NewLog {
  jobId: string;
  /** 1: stdout, 2: stderr. */
  stream: 1 | 2;
  /** Any bytes. Copied before `write` returns. */
  content: Uint8Array;
  /** Unix ns. Default: the time of the call. */
  timestamp?: bigint;
}

export interface NewMetric {
  jobId: string;
  data: MetricData;
  /** Unix ns. Default: the time of the call. */
  timestamp?: bigint;
}

export interface ProducerStats {
  state: SenderState;
  /** Rows that came into the buffer: sentRows + bufferedRows. */
  acceptedRows: number;
  /** Rows that were handed to the kernel. */
  sentRows: number;
  bufferedRows: number;
  bufferedBytes: number;
  /** Rows whose `write` waits for room. */
  waitingRows: number;
  /** Rows that were dropped because the buffer was full. */
  droppedRows: number;
  /** Rows handed to the kernel on connections that broke: which of them arrived is not known. */
  uncertainRows: number;
  /** Connections after the first. */
  reconnects: number;
}

export interface CloseReport {
  /** Rows that were not handed to the kernel: those left in the buffer, and those whose `write` was rejected. */
  unsentRows: number;
  /** See ProducerStats. */
  droppedRows: number;
  uncertainRows: number;
}

/**
 * Sends rows to persist. Rows of one job arrive in the order of the calls, on each connection. Memory is bounded: the
 * buffer is full from `bufferBytesMax` or `bufferRowsMax` on. While rows wait to be sent, the producer keeps the process
 * alive; while it is idle, it does not.
 *
 * Protocol version 1 has no acknowledgements. When a connection breaks, frames that are not known to be in the kernel
 * are sent again on the next (at most 64 KiB of them may have arrived, and are stored twice); those that are may be
 * lost, and are counted as uncertain.
 */
export interface Producer extends AsyncDisposable {
  /**
   * Resolves when the row is in the buffer. While that is full it waits, or drops the row and counts it (`whenFull`).
   * Await it: a row that waits is not counted in the buffer. Rejects with TypeError or ProducerError.
   */
  write(row: NewLog): Promise<void>;
  /** As `write`. */
  writeMetric(sample: NewMetric): Promise<void>;
  /**
   * Resolves when all rows given before are in the kernel; that they are stored, version 1 cannot tell. Rejects with
   * the signal's reason, or with ProducerError when the producer is closed or gives up before.
   */
  flush(options?: { signal?: AbortSignal }): Promise<void>;
  /**
   * Sends what is left, for at most `timeoutMs` (default 5,000), then ends the connection. Never rejects. A second call
   * gets the same report.
   */
  close(options?: { timeoutMs?: number }): Promise<CloseReport>;
  readonly stats: ProducerStats;
}

/** Connects at once. Throws TypeError for options that cannot be. */
export function createProducer(options: ProducerOptions): Producer {
  return new BufferedProducer(checkOptions(options));
}
