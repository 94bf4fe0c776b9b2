import {
  IpcMessageFields,
  LogLineFields,
  MessageType,
  MetricFields,
  scanIpcMessage,
  scanLogLine,
  scanMetric,
  WireError,
} from '@joblet/wire';
import { FrameDecoder } from './frame-decoder.js';
import { FRAME_SIZE_MAX } from './limits.js';

/**
 * What a connection says, message by message. All arguments, `bytes` too, are valid during the call only; positions in
 * the fields count from the start of `bytes`. The job id of `message`, not the one in the line or the metric, decides
 * where a row is stored, and is not checked. A method must not throw.
 */
export interface MessageSink {
  log(bytes: Uint8Array, message: IpcMessageFields, line: LogLineFields): void;
  metric(bytes: Uint8Array, message: IpcMessageFields, metric: MetricFields): void;
  /** Neither a log line nor a metric (newer daemons send more types): skipped. 0 when the message names no type. */
  unknownType(type: number): void;
  /** A whole frame that does not decode, in its envelope or in what it carries: skipped. */
  undecodable(error: WireError, frameBytes: number): void;
}

/** The receiving side of protocol version 1: bytes in, messages out. No I/O, and no object for a log line. */
export class MessageReader {
  private readonly decoder: FrameDecoder;
  private readonly sink: MessageSink;
  private readonly message = new IpcMessageFields();
  private readonly line = new LogLineFields();
  private readonly sample = new MetricFields();
  private readonly onFrame = (bytes: Uint8Array, start: number, end: number) => this.frame(bytes, start, end);
  private frameCount = 0;

  constructor(sink: MessageSink, frameSizeMax = FRAME_SIZE_MAX) {
    this.sink = sink;
    this.decoder = new FrameDecoder(frameSizeMax);
  }

  /** Whole frames so far, of whatever content. */
  get frames(): number {
    return this.frameCount;
  }

  /** Bytes of the half frame that arrived. */
  get heldBytes(): number {
    return this.decoder.heldBytes;
  }

  /** Bytes that the half frame still lacks; 0 when there is none, or when its length is not yet known. */
  get missingBytes(): number {
    return this.decoder.missingBytes;
  }

  /** Throws FrameTooLargeError, then and at each later push. */
  push(chunk: Uint8Array): void {
    this.decoder.push(chunk, this.onFrame);
  }

  private frame(bytes: Uint8Array, start: number, end: number): void {
    this.frameCount++;
    const error = this.scan(bytes, start, end);
    if (error) this.sink.undecodable(error, end - start);
    else if (this.message.type === MessageType.LOG) this.sink.log(bytes, this.message, this.line);
    else if (this.message.type === MessageType.METRIC) this.sink.metric(bytes, this.message, this.sample);
    else this.sink.unknownType(this.message.type);
  }

  private scan(bytes: Uint8Array, start: number, end: number): WireError | undefined {
    const { message } = this;
    try {
      scanIpcMessage(bytes, start, end, message);
      if (message.type === MessageType.LOG) {
        scanLogLine(bytes, message.dataStart, message.dataEnd, this.line);
      } else if (message.type === MessageType.METRIC) {
        scanMetric(bytes, message.dataStart, message.dataEnd, this.sample);
      }
    } catch (error) {
      if (error instanceof WireError) return error;
      throw error;
    }
    return undefined;
  }
}
