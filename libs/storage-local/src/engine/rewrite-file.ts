import { open, rm, type FileHandle } from 'node:fs/promises';
import type { BlockBuilder, BlockRequest } from '../block/block-builder.js';
import type { BlockRows } from '../block/block-rows.js';
import type { IndexedFile } from '../block-index/block-index.js';
import { decodeRows } from '../block-index/describe-member.js';
import { FILE_MODE, isPlainFile } from '../format/file-names.js';
import { REWRITE_LEVEL, REWRITE_TEXT_BYTES } from '../limits.js';
import { headerBlocks, type BlockList } from '../read/block-list.js';
import { BlockReader, IrregularBlock } from '../read/block-reader.js';
import type { ByteSource } from '../read/byte-source.js';
import { FileSnapshot } from '../read/file-snapshot.js';
import { readMetricBlocks } from '../read/metric-blocks.js';
import { scanPlain } from '../read/plain-lines.js';
import { LOGS, METRICS } from '../read/row-kind.js';
import { openBytesSync } from '../read/viewed-bytes.js';
import type { BlockIndexes } from './engine-options.js';
import { NO_FACTS, type FileFacts } from './job-table.js';
import { joinRows } from './row-buffer.js';
import { addBlocks } from './sealer.js';
import { writeAll } from './write-all.js';

export interface RewriteRequest extends Pick<BlockRequest, 'kind' | 'content'> {
  readonly file: IndexedFile;
  /** What it has, all of it. */
  readonly facts: FileFacts;
  /** Beside it. */
  readonly temporary: string;
  readonly builder: BlockBuilder;
  readonly indexes: BlockIndexes;
  /** Waits until nobody else needs the machine. False: it is not wanted any more. */
  readonly goOn: () => Promise<boolean>;
}

/** A plain file with more in it than rows of this store, which have ordinals. */
class IrregularLines extends Error {}

/**
 * Makes a compressed file with the same rows in full blocks, synced, with its index. Resolves to what it has; undefined, and nothing is left, when it is
 * not wanted any more, or when the file is not what is known of it: whoever reads it tells what it has.
 */
export async function rewriteFile(request: RewriteRequest): Promise<FileFacts | undefined> {
  const { file, facts, temporary, indexes } = request;
  const source = openBytesSync(file.path, facts.length, true);
  if (typeof source !== 'object') return undefined;
  let written: FileFacts | undefined;
  try {
    await rm(temporary, { force: true });
    await indexes.drop(temporary);
    const target = await open(temporary, 'wx', FILE_MODE);
    try {
      const made = await copyRows(request, source, target);
      if (made && hasSameRows(made, facts)) {
        await target.datasync();
        written = made;
      }
    } finally {
      await target.close();
    }
  } catch (error) {
    if (!(error instanceof IrregularBlock || error instanceof IrregularLines)) throw error;
  } finally {
    await source.close();
    if (!written) {
      await rm(temporary, { force: true });
      await indexes.drop(temporary);
    }
  }
  return written;
}

async function copyRows(
  { kind, content, file, temporary, builder, indexes, goOn }: RewriteRequest,
  source: ByteSource,
  target: FileHandle,
): Promise<FileFacts | undefined> {
  const snapshot = new FileSnapshot(source);
  const isPlain = isPlainFile(file.path);
  const blocks = isPlain ? undefined : await headerBlocks(snapshot, noCheckpoint);
  if (!isPlain && !blocks) return undefined;
  let facts = NO_FACTS;
  for await (const rows of windows(
    blocks ? blockRows(kind, file, source, blocks) : lineRows(kind, file, snapshot),
  )) {
    if (!(await goOn())) return undefined;
    const built = await builder.build({ kind, jobId: file.jobId, rows, content, level: REWRITE_LEVEL });
    if (built.some(({ stream }) => stream !== file.stream)) return undefined;
    let offset = facts.length;
    const members = built.map(({ member }) => member);
    const length = offset + (await writeAll(target, members, offset));
    facts = addBlocks(facts, built, length);
    const entries = built.map(({ member, summary, filter }) => {
      const entry = { offset, length: member.length, summary, filter };
      offset += member.length;
      return entry;
    });
    await indexes.append({ ...file, path: temporary }, entries);
  }
  return facts;
}

function hasSameRows(one: FileFacts, other: FileFacts): boolean {
  return (['rows', 'contentBytes', 'timeMin', 'timeMax', 'lastOrdinal'] as const).every(
    (key) => one[key] === other[key],
  );
}

async function* blockRows(
  kind: BlockRequest['kind'],
  { jobId, stream }: IndexedFile,
  source: ByteSource,
  blocks: BlockList,
): AsyncGenerator<BlockRows> {
  const chosen = Array.from({ length: blocks.length }, (_, block) => ({ source, blocks, block }));
  if (kind === 'metrics') return yield* readMetricBlocks(chosen);
  const reader = new BlockReader(jobId, stream, chosen);
  try {
    for (let rows = await reader.next(); rows; rows = await reader.next()) yield rows;
  } finally {
    await reader.close();
  }
}

/** The rows of a plain file, as many at a time as a block has at the most. Throws IrregularLines. */
async function* lineRows(
  kind: BlockRequest['kind'],
  file: IndexedFile,
  snapshot: FileSnapshot,
): AsyncGenerator<BlockRows> {
  let end = 0;
  for await (const found of scanPlain(snapshot, 0, noCheckpoint)) {
    if (found.kind !== 'rows' || found.start !== end || !found.isEnded || !found.ordinals)
      throw new IrregularLines();
    end = found.end;
    const text = await snapshot.read(found.start, end - found.start);
    const { ordinals } = found;
    const rows =
      kind === 'metrics'
        ? decodeRows(METRICS, file, text, { ordinals })
        : decodeRows(LOGS, file, text, { ordinals });
    if (!rows) throw new IrregularLines();
    yield rows;
  }
}

const noCheckpoint = (): Promise<void> => Promise.resolve();

/** Rows of several blocks together. */
async function* windows(blocks: AsyncIterable<BlockRows>): AsyncGenerator<BlockRows> {
  let held: BlockRows[] = [];
  let bytes = 0;
  for await (const rows of blocks) {
    held.push(rows);
    bytes += rows.bytes.length;
    if (bytes < REWRITE_TEXT_BYTES) continue;
    yield joinRows(held);
    held = [];
    bytes = 0;
  }
  if (held.length > 0) yield joinRows(held);
}
