import { StorageError, type LogBatch, type MetricBatch } from '@joblet/storage';
import { LogLineFields, RowEncoder, scanLogLine, StreamType } from '@joblet/wire';
import { encodeMember } from '../format/gzip-member.js';
import { MEMBER_ROWS_MAX, MEMBER_TEXT_BYTES_MAX, PENDING_BYTES_HELD_MAX } from '../limits.js';
import type { PendingRows } from './area-view.js';
import { placeIn, type ByteSource } from './byte-source.js';
import type { ByteRange } from './member.js';
import type { Checkpoint } from './turns.js';

/** Nobody keeps them: stored, not compressed. */
const LEVEL = 0;

const line = new LogLineFields();

/** What pending rows become in the file of each stream. */
type Encoded = ReadonlyMap<number, Buffer>;

/**
 * Pending rows as the members that would be behind those of the files if they were written now. They are made when
 * first asked for; what does not fit in memory is made again, with the same result.
 */
export class PendingMembers {
  private readonly pending: readonly PendingRows[];
  private readonly checkpoint: Checkpoint;
  private readonly held = new Map<PendingRows, Encoded>();
  private heldBytes = 0;

  constructor(pending: readonly PendingRows[], checkpoint: Checkpoint) {
    this.pending = pending;
    this.checkpoint = checkpoint;
  }

  /** For each stream that has some, one source for each of the pending rows, in their order. */
  async sources(pathOf: (stream: number) => string): Promise<Map<number, ByteSource[]>> {
    const byStream = new Map<number, ByteSource[]>();
    for (const rows of this.pending) {
      for (const [stream, { length }] of await this.encoded(rows)) {
        const sources = byStream.get(stream) ?? [];
        byStream.set(stream, sources);
        sources.push(this.source(rows, stream, length, pathOf(stream)));
      }
    }
    return byStream;
  }

  private source(rows: PendingRows, stream: number, size: number, path: string): ByteSource {
    return {
      path,
      size,
      fill: async (target, offset) => {
        const bytes = (await this.encoded(rows)).get(stream);
        if (bytes?.length !== size) {
          const found = `${bytes?.length ?? 0} bytes instead of ${size}`;
          throw new StorageError('INTERNAL', `rows for ${path} changed while they were read: ${found}`);
        }
        bytes.copy(target, 0, offset);
      },
      place: (range: ByteRange) => placeIn(`${path} (not written yet)`, range),
      close: () => Promise.resolve(),
    };
  }

  private async encoded(rows: PendingRows): Promise<Encoded> {
    const known = this.held.get(rows);
    if (known) return known;
    const encoded = await encodePending(await rows.load(), this.checkpoint);
    if (!this.held.has(rows)) this.heldBytes += bytesOf(encoded);
    this.held.set(rows, encoded);
    for (const [oldest, members] of this.held) {
      if (this.heldBytes <= PENDING_BYTES_HELD_MAX) break;
      this.held.delete(oldest);
      this.heldBytes -= bytesOf(members);
    }
    return encoded;
  }
}

function bytesOf(encoded: Encoded): number {
  return [...encoded.values()].reduce((sum, { length }) => sum + length, 0);
}

async function encodePending(batch: LogBatch | MetricBatch, checkpoint: Checkpoint): Promise<Encoded> {
  const members = new Map<number, Buffer[]>();
  const drafts = new Map<number, MemberDraft>();
  const finish = async (stream: number, draft: MemberDraft): Promise<void> => {
    const encoded = members.get(stream) ?? [];
    members.set(stream, encoded);
    encoded.push(await draft.encode());
  };
  for (let row = 0; row < batch.length; row++) {
    const stream = streamOf(batch, row);
    let draft = drafts.get(stream);
    if (draft?.isFullFor(batch.end(row) - batch.start(row))) {
      await checkpoint();
      await finish(stream, draft);
      draft = undefined;
    }
    if (!draft) drafts.set(stream, (draft = new MemberDraft()));
    draft.add(batch, row);
  }
  for (const [stream, draft] of drafts) await finish(stream, draft);
  return new Map([...members].map(([stream, encoded]) => [stream, Buffer.concat(encoded)]));
}

/** Whose file the row belongs in. */
function streamOf(batch: LogBatch | MetricBatch, row: number): number {
  if (batch.kind === 'metrics') return StreamType.UNSPECIFIED;
  return batch.stream(row) === StreamType.STDERR ? StreamType.STDERR : StreamType.STDOUT;
}

class MemberDraft {
  private readonly encoder = new RowEncoder();
  private readonly ordinals: bigint[] = [];
  private readonly timestamps: bigint[] = [];
  private contentBytes = 0;

  isFullFor(rowBytes: number): boolean {
    const isFull = this.encoder.byteLength + rowBytes > MEMBER_TEXT_BYTES_MAX;
    return isFull || this.ordinals.length >= MEMBER_ROWS_MAX;
  }

  add(batch: LogBatch | MetricBatch, row: number): void {
    const ordinal = batch.ordinal(row);
    const timestamp = batch.timestamp(row);
    const slot = { jobId: batch.jobId(row), timestamp };
    if (ordinal === undefined) {
      throw new TypeError(`row ${row} of job ${slot.jobId} waits to be written and has no ordinal`);
    }
    const start = batch.start(row);
    const end = batch.end(row);
    if (batch.kind === 'metrics') this.encoder.metricRow(slot, batch.bytes, start, end);
    else {
      scanLogLine(batch.bytes, start, end, line);
      this.contentBytes += line.contentEnd - line.contentStart;
      this.encoder.logRow(slot, batch.bytes, start, end);
    }
    this.ordinals.push(ordinal);
    this.timestamps.push(timestamp);
  }

  encode(): Promise<Buffer> {
    const { timestamps } = this;
    const extra = {
      contentBytes: BigInt(this.contentBytes),
      timeMin: timestamps.reduce((oldest, time) => (time < oldest ? time : oldest)),
      timeMax: timestamps.reduce((newest, time) => (time > newest ? time : newest)),
      ordinals: BigUint64Array.from(this.ordinals),
    };
    return encodeMember(this.encoder.take(), extra, LEVEL);
  }
}
