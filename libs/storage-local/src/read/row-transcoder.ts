import { LogRowTranscoder, type TranscodedRows } from '@joblet/wire';
import { openLogLinesModule, type LogLinesModule } from './log-lines-module.js';

const TAG_JOB_ID = 0x0a;
const TAG_STREAM = 0x10;

/** As LogRowTranscoder. */
export interface RowTranscoder {
  transcode(text: Buffer, rows: number): TranscodedRows | undefined;
}

let shared: { readonly module: LogLinesModule | undefined } | undefined;

/** For the rows of one job and stream. All of the process use one module: a call is done when it returns. */
export function rowTranscoder(jobId: string, stream: number): RowTranscoder {
  shared ??= { module: openLogLinesModule() };
  const plain = new LogRowTranscoder(jobId, stream);
  return shared.module ? new WasmTranscoder(shared.module, jobId, stream, plain) : plain;
}

/** By the module what it takes, by the plain code all else. */
export class WasmTranscoder implements RowTranscoder {
  private readonly module: LogLinesModule;
  private readonly rowHead: Buffer;
  private readonly messageHead: Buffer;
  private readonly plain: LogRowTranscoder;

  constructor(module: LogLinesModule, jobId: string, stream: number, plain: LogRowTranscoder) {
    const job = Buffer.from(jobId);
    this.module = module;
    this.plain = plain;
    this.rowHead = Buffer.from(`{"job_id":${JSON.stringify(jobId)},"stream":${stream},"timestamp":`);
    this.messageHead = Buffer.from([TAG_JOB_ID, job.length, ...job, TAG_STREAM, stream]);
  }

  transcode(text: Buffer, rows: number): TranscodedRows | undefined {
    return this.quickly(text, rows) ?? this.plain.transcode(text, rows);
  }

  /** Leaves the text as it is. */
  private quickly(text: Buffer, rows: number): TranscodedRows | undefined {
    const { module, rowHead, messageHead } = this;
    const jobBytes = messageHead[1];
    const fits =
      jobBytes > 0 &&
      messageHead.length === jobBytes + 4 &&
      jobBytes <= 0x7f &&
      rowHead.length <= module.rowHead.length &&
      text.length <= module.text.length &&
      rows <= module.starts.length;
    if (!fits) return undefined;
    module.rowHead.set(rowHead);
    module.messageHead.set(messageHead);
    module.text.set(text);
    const length = module.transcode(rows, text.length, rowHead.length, messageHead.length);
    if (length < 0) return undefined;
    const bytes = Buffer.allocUnsafeSlow(length);
    bytes.set(module.messages.subarray(0, length));
    return {
      bytes,
      starts: module.starts.slice(0, rows),
      ends: module.ends.slice(0, rows),
      timestamps: module.timestamps.slice(0, rows),
    };
  }
}
