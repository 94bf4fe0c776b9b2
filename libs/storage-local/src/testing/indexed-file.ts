import { appendFile } from 'node:fs/promises';
import { encodeLogLine, encodeMetric, type MetricData } from '@joblet/wire';
import { buildBlocks } from '../block/build-blocks.js';
import type { IndexedBlock } from '../block-index/index-layout.js';
import type { IndexedFile } from '../block-index/block-index.js';
import { FileSnapshot } from '../read/file-snapshot.js';
import { blockRows } from './block-rows.js';

export interface TestRow {
  readonly timestamp: bigint;
  readonly content: Uint8Array;
  readonly data?: MetricData;
  /** Ordinals that the other stream has before this row. */
  readonly skip?: number;
}

export interface NumberedRow extends TestRow {
  readonly ordinal: bigint;
}

/** A data file whose rows are known, block by block. */
export class TestFile implements IndexedFile {
  /** Changed by who renames it. */
  path: string;
  readonly jobId: string;
  readonly stream: number;
  readonly blocks: NumberedRow[][] = [];
  readonly indexed: IndexedBlock[] = [];
  size = 0;
  private nextOrdinal = 0n;

  constructor(path: string, jobId: string, stream: number) {
    this.path = path;
    this.jobId = jobId;
    this.stream = stream;
  }

  /** Writes the rows as one block, and resolves to what the index is to be told. */
  async append(rows: readonly TestRow[]): Promise<IndexedBlock> {
    const numbered = rows.map((row) => {
      const ordinal = this.nextOrdinal + BigInt(row.skip ?? 0);
      this.nextOrdinal = ordinal + 1n;
      return { ...row, ordinal };
    });
    const { jobId, stream } = this;
    const kind = stream === 0 ? 'metrics' : 'logs';
    const placed = numbered.map(({ timestamp, content, data, ordinal }) => ({
      message:
        kind === 'logs'
          ? encodeLogLine({ jobId, stream, timestamp, sequence: ordinal, content })
          : encodeMetric({ jobId, timestamp, sequence: ordinal, ...(data && { data }) }),
      timestamp,
      ordinal,
    }));
    const built = buildBlocks({ kind, jobId, rows: blockRows(placed), content: 'text', level: 3 });
    if (built.length !== 1) throw new Error(`${built.length} blocks of ${rows.length} rows; expected one`);
    const { member, summary, filter } = built[0];
    await appendFile(this.path, member);
    const block = { offset: this.size, length: member.length, summary, filter };
    this.size += member.length;
    this.blocks.push(numbered);
    this.indexed.push(block);
    return block;
  }

  /** The file as a reader has it; `size`: as far as it counts for the reader. */
  async reading<Result>(
    use: (data: FileSnapshot) => Promise<Result>,
    size: number = this.size,
  ): Promise<Result> {
    const data = FileSnapshot.openSync(this.path, size);
    if (!(data instanceof FileSnapshot)) throw new Error(`${this.path} is ${String(data)}`);
    try {
      return await use(data);
    } finally {
      await data.close();
    }
  }
}
