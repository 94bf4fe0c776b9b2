import { StorageError } from '@joblet/storage';
import type { BuiltBlock } from '../block/block-builder.js';
import { BLOCKS_AT_ONCE, PARK_MAX_MS, PARK_MIN_MS, SEALED_BYTES_AT_ONCE, SEALS_AT_ONCE } from '../limits.js';
import { isPlainFile } from '../format/file-names.js';
import { FileChangedError } from '../disk/file-calls.js';
import type { DataFiles } from './data-files.js';
import type { EngineOptions } from './engine-options.js';
import { type Area, type DataFile, type FileFacts, type Job, type JobTable } from './job-table.js';
import type { AreaName } from './log-entry.js';
import { loadPart, partBytes, partTextBytes, type Part } from './part.js';
import { joinRows } from './row-buffer.js';
import type { RowMemory } from './row-memory.js';

export interface SealerContext {
  readonly table: JobTable;
  readonly memory: RowMemory;
  readonly files: DataFiles;
  readonly options: EngineOptions;
  /** Looks at the job's files when nobody has yet. */
  know(job: Job, name: AreaName, area: Area): Promise<Area>;
  /** Resolves when what a deletion has left in the job's place is gone. */
  cleared(jobId: string, name: AreaName): Promise<void>;
  /** The file to append so many bytes to: a new one, when this is full. */
  fileFor(job: Job, name: AreaName, area: Area, file: DataFile, bytes: number): Promise<DataFile>;
}

interface Wanted {
  readonly job: Job;
  readonly name: AreaName;
  /** Whether the tail is to be sealed too, however small. */
  all: boolean;
}

/**
 * Makes blocks of rows and appends them to the files of their jobs. One area is sealed once at a time, so that its blocks stay in order. An area
 * whose files fail is parked for a while: all others go on.
 */
export class Sealer {
  private readonly context: SealerContext;
  private readonly wanted = new Map<Area, Wanted>();
  private readonly running = new Set<Promise<void>>();
  /** Of the rows of what is running, as far as they are taken at once. */
  private runningBytes = 0;
  private waiters: (() => void)[] = [];
  sealedBlocks = 0;
  parked = 0;

  constructor(context: SealerContext) {
    this.context = context;
  }

  /** Soon. Areas that are parked wait until they are not. */
  seal(job: Job, name: AreaName, area: Area, all: boolean): void {
    const wanted = this.wanted.get(area);
    if (wanted) wanted.all ||= all;
    else this.wanted.set(area, { job, name, all });
    this.pump();
  }

  /** Nothing that is wanted and not under way is sealed any more. */
  giveUp(): void {
    this.wanted.clear();
  }

  get isBusy(): boolean {
    return this.running.size > 0;
  }

  /** Resolves when rows have left memory for a file, or a seal under way has ended; at once when there is none. */
  async progress(): Promise<void> {
    if (this.running.size > 0) await new Promise<void>((resolve) => this.waiters.push(resolve));
  }

  /** Resolves when nothing is under way or wanted any more, but for what is parked. */
  async idle(): Promise<void> {
    for (;;) {
      this.pump();
      const busy = [...this.wanted.keys()].flatMap((area) => (area.busy && !area.isGone ? [area.busy] : []));
      if (this.running.size === 0 && busy.length === 0) return;
      await Promise.all([...this.running, ...busy]);
    }
  }

  /** Takes up what could not run before: to be called when an area is not busy any more, and from time to time. */
  pump(): void {
    for (const [area, wanted] of this.wanted) {
      if (this.running.size >= SEALS_AT_ONCE || this.runningBytes >= SEALED_BYTES_AT_ONCE) return;
      if (area.busy || this.isPaused(area)) continue;
      this.wanted.delete(area);
      if (area.isGone) continue;
      const bytes = this.bytesAtOnce(area);
      this.runningBytes += bytes;
      const sealing = this.sealArea(wanted, area).finally(() => {
        this.running.delete(sealing);
        this.runningBytes -= bytes;
        area.busy = undefined;
        this.pump();
        this.tellProgress();
      });
      area.busy = sealing;
      this.running.add(sealing);
    }
  }

  private bytesAtOnce({ parts, tail }: Area): number {
    const bytes = parts.reduce((sum, part) => sum + partBytes(part), tail?.textBytes ?? 0);
    return Math.min(bytes, BLOCKS_AT_ONCE * this.context.options.blockBytes);
  }

  private tellProgress(): void {
    for (const resolve of this.waiters.splice(0)) resolve();
  }

  isPaused(area: Area): boolean {
    return area.pausedUntil > this.context.options.now();
  }

  private async sealArea({ job, name, all }: Wanted, area: Area): Promise<void> {
    const { memory, options } = this.context;
    try {
      await this.context.cleared(job.jobId, name);
      if (area.isGone) return;
      await this.context.know(job, name, area);
      if (all) memory.freeze(area);
      await this.sealParts(job, name, area);
      if (area.pauseMs > 0 && !area.isGone) {
        area.pauseMs = 0;
        this.parked--;
        options.onEvent({ type: 'job-unparked', jobId: job.jobId, area: name });
      }
    } catch (error) {
      if (area.isGone) return;
      // What somebody else has changed is looked at anew.
      if (error instanceof FileChangedError)
        for (const file of area.files) file.counted = file.synced = undefined;
      const isFirst = area.pauseMs === 0;
      area.pauseMs = Math.min(PARK_MAX_MS, isFirst ? PARK_MIN_MS : area.pauseMs * 2);
      area.pausedUntil = options.now() + area.pauseMs;
      this.wanted.set(area, { job, name, all });
      if (!isFirst) return;
      this.parked++;
      options.onEvent({ type: 'job-parked', jobId: job.jobId, area: name, error });
    }
  }

  /**
   * All parts, as many at a time as are built at once; the next are built while blocks are written, and, once so many wait, already
   * while blocks are built: the builder need not wait for this thread then.
   */
  private async sealParts(job: Job, name: AreaName, area: Area): Promise<void> {
    const building: Build[] = [];
    /** Of these. */
    let taken = 0;
    const buildNext = (partsMin: number): void => {
      if (area.parts.length < taken + partsMin) return;
      const next = this.build(job, name, area, taken);
      taken += next.parts.length;
      building.push(next);
    };
    try {
      for (;;) {
        if (building.length === 0) buildNext(1);
        if (building.length === 1) buildNext(BLOCKS_AT_ONCE);
        if (building.length === 0 || area.isGone) return;
        const [{ parts, blocks: built }] = building;
        const blocks = await built;
        if (area.isGone) return;
        const expected = parts.reduce((sum, part) => sum + partTextBytes(part), 0);
        area.textRatio = blocks.reduce((sum, { textBytes }) => sum + textBytes, 0) / expected;
        if (building.length === 1) buildNext(1);
        await this.append(job, name, area, blocks, parts);
        building.shift();
        taken -= parts.length;
        this.tellProgress();
      }
    } finally {
      // Until then its rows are looked at: the area is busy, so that nobody else lets go of their memory.
      await Promise.allSettled(building.map(({ blocks }) => blocks));
    }
  }

  /** Of the oldest parts behind the first `skipped` ones. */
  private build(job: Job, name: AreaName, area: Area, skipped: number): Build {
    const { builder, content, compression, compressionLevel, blockBytes, rotation } = this.context.options;
    const level = compression[name] ? compressionLevel : 'plain';
    // What is appended in one go is in one file: it has to be little beside what a file may have.
    const ofFile = Math.floor((rotation[name]?.maxBytes ?? Infinity) / (4 * blockBytes));
    const blocksMax = Math.max(1, Math.min(BLOCKS_AT_ONCE, ofFile));
    const groups = groupParts(area.parts.slice(skipped), blockBytes / area.textRatio, blocksMax);
    const blocks = allOf(
      groups.map(async (parts) => {
        const rows = joinRows(await Promise.all(parts.map(loadPart)));
        // Of damaged runs, maybe none is left.
        if (rows.starts.length === 0) return [];
        return builder.build({ kind: name, jobId: job.jobId, rows, content, level });
      }),
    ).then((built) => built.flat());
    // When what is before it fails, nobody asks for it.
    blocks.catch(() => undefined);
    return { parts: groups.flat(), blocks };
  }

  private async append(
    job: Job,
    name: AreaName,
    area: Area,
    blocks: readonly BuiltBlock[],
    sealed: readonly Part[],
  ): Promise<void> {
    const { table, memory, files, options } = this.context;
    const counted = new Map<DataFile, FileFacts>();
    const indexed: (() => Promise<void>)[] = [];
    for (const current of area.files) {
      if (current.number > 0 || isPlainFile(current.fileName) === options.compression[name]) continue;
      const own = blocks.filter(({ stream }) => stream === current.stream);
      if (own.length === 0) continue;
      const bytes = own.reduce((sum, { member }) => sum + member.length, 0);
      const file = await this.context.fileFor(job, name, area, current, bytes);
      if (area.isGone) return;
      const path = table.layout.path({ area: name, jobId: job.jobId, fileName: file.fileName });
      const { jobId } = job;
      const before = factsOf(file);
      const length = await files.append(
        { jobId, path, file },
        own.map(({ member }) => member),
      );
      counted.set(file, addBlocks(before, own, length));
      let offset = own.reduce((start, { member }) => start - member.length, length);
      const entries = own.map(({ member, summary, filter }) => {
        const entry = { offset, length: member.length, summary, filter };
        offset += member.length;
        return entry;
      });
      indexed.push(() => options.indexes.append({ path, jobId, stream: file.stream }, entries));
    }
    if (area.isGone) return;
    // In one turn: the rows are in the files for readers from here on, and nowhere else.
    for (const [file, facts] of counted) {
      file.counted = facts;
      file.hasRest = false;
    }
    area.parts = area.parts.slice(sealed.length);
    for (const part of sealed) {
      if (part.kind === 'memory') memory.released(part);
      else area.unsynced.push(part);
    }
    if (area.parts.length === 0 && !area.tail) table.pending.delete(area);
    this.sealedBlocks += blocks.length;
    for (const append of indexed) await append();
  }
}

/** Blocks that are being built. */
interface Build {
  readonly parts: readonly Part[];
  /** Settles when none of the parts is looked at any more. */
  readonly blocks: Promise<readonly BuiltBlock[]>;
}

/** As Promise.all, but does not reject before all have settled. */
async function allOf<Value>(promises: readonly Promise<Value>[]): Promise<Value[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

/** Parts from the front, put together up to a block, for as many blocks as are built at once. */
function groupParts(parts: readonly Part[], textBytes: number, blocksMax: number): Part[][] {
  const groups: Part[][] = [];
  let bytes = Infinity;
  for (const part of parts) {
    if (bytes + partTextBytes(part) > textBytes) {
      if (groups.length === blocksMax) break;
      groups.push([]);
      bytes = 0;
    }
    groups[groups.length - 1].push(part);
    bytes += partTextBytes(part);
  }
  return groups;
}

function factsOf({ counted, fileName }: DataFile): FileFacts {
  if (!counted) throw new StorageError('INTERNAL', `BUG: nobody has looked at ${fileName} yet`);
  return counted;
}

/** What a file has when these blocks are appended to it, so that it has `length` bytes. */
export function addBlocks(before: FileFacts, blocks: readonly BuiltBlock[], length: number): FileFacts {
  let { rows, contentBytes, timeMin, timeMax, lastOrdinal } = before;
  for (const { summary } of blocks) {
    if (rows === 0n || summary.timeMin < timeMin) timeMin = summary.timeMin;
    if (rows === 0n || summary.timeMax > timeMax) timeMax = summary.timeMax;
    if (summary.lastOrdinal > lastOrdinal) lastOrdinal = summary.lastOrdinal;
    rows += BigInt(summary.rows);
    contentBytes += summary.contentBytes;
  }
  return { length, rows, contentBytes, timeMin, timeMax, lastOrdinal };
}
