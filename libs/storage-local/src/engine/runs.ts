import { constants } from 'node:fs';
import { open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { StorageError } from '@joblet/storage';
import { crc32c } from '@joblet/wal';
import type { BlockRows } from '../block/block-rows.js';
import { syncDirectory } from '../disk/sync-directory.js';
import { isMissing } from '../errors.js';
import { FILE_MODE } from '../format/file-names.js';
import { COPY_BYTES } from '../limits.js';
import type { EngineEvent } from './engine-options.js';
import { readPieceRows, RUN_ROW_BYTES } from './piece-rows.js';
import type { RunDirectory, RunPiece } from './run-directory.js';
import { readRunFile, writeRunFile, type NewPiece } from './run-file.js';
import { newStoreId, readStoreId, storeIdOf, writeStoreId } from './store-id.js';

/** A name with more digits is none of a run: all of them are exact as doubles. */
const RUN_NUMBER_MAX = 999_999_999_999_999;

/** What is found when runs are looked for. */
type RunEvent = EngineEvent & { readonly type: 'run-damaged' | 'foreign-run' | 'background-failed' };

/** A piece that is not what was written. */
export interface DamagedPiece {
  readonly run: Run;
  readonly piece: RunPiece;
  readonly reason: string;
}

/** What is left of the rows of damaged pieces of one run, for each of them, by index; maybe none. */
export type Salvage = (damaged: readonly DamagedPiece[]) => Promise<ReadonlyMap<number, BlockRows>>;

/** A shared file with rows of many jobs that are not in their own files yet. Removed when no piece counts and nobody reads it. */
export class Run {
  readonly path: string;
  readonly number: number;
  readonly directory: RunDirectory;
  /** Why the directory names only those pieces that are whole; absent: it names all. */
  readonly damage: string | undefined;
  /** Pieces whose rows are nowhere else durably. */
  live = 0;
  private pins = 0;
  private isUnwanted = false;
  private handle: Promise<FileHandle> | undefined;
  /** Absent: who loads a damaged piece is told. */
  salvage: Salvage | undefined;
  /** By index. */
  private readonly salvaged = new Map<number, BlockRows>();
  private salvaging: Promise<void> | undefined;

  constructor(path: string, number: number, directory: RunDirectory, damage?: string) {
    this.path = path;
    this.number = number;
    this.directory = directory;
    this.damage = damage;
  }

  /** Records of the log from here on are not in it. */
  get position(): bigint {
    return this.directory.position;
  }

  /** The file stays until the pin is let go. */
  pin(): () => void {
    this.pins++;
    return () => {
      this.pins--;
      if (this.isUnwanted) void this.remove().catch(() => undefined);
    };
  }

  /** Of a damaged piece, what is left of it, the same each time. */
  async load(index: number): Promise<BlockRows> {
    const unpin = this.pin();
    try {
      for (;;) {
        const known = this.salvaged.get(index);
        if (known) return known;
        const rows = await this.read(this.directory.piece(index));
        if (typeof rows !== 'string') return rows;
        if (!this.salvage) throw new StorageError('UNAVAILABLE', rows);
        this.salvaging ??= this.salvageAll(this.salvage).finally(() => (this.salvaging = undefined));
        await this.salvaging;
      }
    } finally {
      unpin();
    }
  }

  /** How many rows the piece has, as far as anybody knows. */
  rowsOf(index: number): number {
    return this.salvaged.get(index)?.starts.length ?? this.directory.rows(index);
  }

  /** Reads all of it. */
  async damagedPieces(): Promise<DamagedPiece[]> {
    const damaged: DamagedPiece[] = [];
    let group: RunPiece[] = [];
    const check = async (): Promise<void> => {
      if (group.length === 0) return;
      const [{ offset }] = group;
      const bytes = await this.readAt(offset, endOf(group[group.length - 1]) - offset);
      for (const piece of group) {
        if (this.salvaged.has(piece.index)) continue;
        const own = bytes?.subarray(piece.offset - offset, endOf(piece) - offset);
        if (!isSound(piece, own)) damaged.push({ run: this, piece, reason: this.damageOf(piece, own) });
      }
      group = [];
    };
    for (const piece of this.directory.pieces()) {
      if (group.length > 0 && endOf(piece) - group[0].offset > COPY_BYTES) await check();
      group.push(piece);
    }
    await check();
    return damaged;
  }

  /** For all that are damaged at once, since it takes reading the log. */
  private async salvageAll(salvage: Salvage): Promise<void> {
    for (const [index, rows] of await salvage(await this.damagedPieces())) this.salvaged.set(index, rows);
  }

  /** What is wrong with it, when it is not what was written. */
  private async read(piece: RunPiece): Promise<BlockRows | string> {
    const bytes = await this.readAt(piece.offset, endOf(piece) - piece.offset);
    const rows = isSound(piece, bytes) ? readPieceRows(bytes, piece.rows, piece.bytes) : undefined;
    return rows ?? this.damageOf(piece, bytes);
  }

  private damageOf(piece: RunPiece, bytes: Uint8Array | undefined): string {
    const place = `${this.path}, bytes ${piece.offset} to ${endOf(piece)}`;
    return `rows of job ${piece.jobId} are damaged: ${place}${bytes ? '' : ': the file is gone'}`;
  }

  /** Fewer bytes when the file is shorter; undefined when it is gone. */
  private async readAt(offset: number, size: number): Promise<Buffer<ArrayBuffer> | undefined> {
    try {
      this.handle ??= open(this.path, 'r');
      const handle = await this.handle;
      const bytes = Buffer.allocUnsafeSlow(size);
      const { bytesRead } = await handle.read(bytes, 0, size, offset);
      return bytes.subarray(0, bytesRead);
    } catch (error) {
      await this.closeHandle();
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async closeHandle(): Promise<void> {
    const { handle } = this;
    this.handle = undefined;
    await (await handle?.catch(() => undefined))?.close();
  }

  /** At once, or when the last pin is let go. */
  async remove(): Promise<void> {
    this.isUnwanted = true;
    if (this.pins > 0) return;
    await this.closeHandle();
    await rm(this.path, { force: true });
  }
}

function endOf({ offset, rows, bytes }: RunPiece): number {
  return offset + rows * RUN_ROW_BYTES + bytes;
}

function isSound<Bytes extends Uint8Array>(piece: RunPiece, bytes: Bytes | undefined): bytes is Bytes {
  return bytes?.length === endOf(piece) - piece.offset && crc32c(bytes) === piece.crc32c;
}

export class RunStore {
  readonly directory: string;
  readonly runs: Run[] = [];
  private readonly salvage: Salvage | undefined;
  private storeId = newStoreId();
  /** Numbers that a new run must not have. */
  private readonly taken = new Set<number>();
  private readonly foreign = new Set<number>();
  private newest = 0;
  /** Whether a run, or a part of one, was lost: nobody knows which rows it had. */
  isIncomplete = false;

  constructor(directory: string, salvage?: Salvage) {
    this.directory = directory;
    this.salvage = salvage;
  }

  /**
   * The store's runs that are there, of damaged ones what is whole; what has nothing of a run, or is of another store, is left where it
   * is. All but whole ones of the store are told. Unfinished ones are removed. `needed`: the numbers that the job index names; of these, those that are not there are told as well.
   */
  async open(idPath: string, needed: ReadonlySet<number>, onEvent: (event: RunEvent) => void): Promise<void> {
    const known = await readStoreId(idPath);
    const found = await this.readAll(known, (path, reason) => this.tellLost(path, reason, onEvent));
    this.storeId = known ?? storeIdOf(found, needed) ?? this.storeId;
    if (known === undefined)
      await writeStoreId(idPath, this.storeId).catch((error: unknown) =>
        onEvent({ type: 'background-failed', doing: `writing ${idPath}`, error }),
      );
    for (const run of found) {
      const { storeId } = run.directory;
      if (storeId === this.storeId) {
        this.add(run);
        if (run.damage !== undefined) this.tellLost(run.path, run.damage, onEvent);
        continue;
      }
      this.foreign.add(run.number);
      const reason = `found the id ${storeId} of another store, expected ${this.storeId}`;
      onEvent({ type: 'foreign-run', path: run.path, reason });
    }
    this.runs.sort((a, b) => a.number - b.number);
    for (const number of needed) {
      if (this.taken.has(number) && !this.foreign.has(number)) continue;
      this.taken.add(number);
      this.tellLost(join(this.directory, `${number}.run`), 'it is gone', onEvent);
    }
  }

  private tellLost(path: string, reason: string, onEvent: (event: RunEvent) => void): void {
    this.isIncomplete = true;
    onEvent({ type: 'run-damaged', path, reason });
  }

  private async readAll(
    storeId: string | undefined,
    onDamaged: (path: string, reason: string) => void,
  ): Promise<Run[]> {
    const runs: Run[] = [];
    for (const name of await readdir(this.directory)) {
      const number = runNumber(name);
      const path = join(this.directory, name);
      if (name.endsWith('.tmp')) await rm(path, { force: true });
      if (number === undefined) continue;
      this.newest = Math.max(this.newest, number);
      this.taken.add(number);
      const run = await readRun(path, storeId).catch(
        (error: unknown) => `it cannot be read: ${String(error)}`,
      );
      if (typeof run === 'string') onDamaged(path, run);
      else runs.push(run);
    }
    return runs;
  }

  /** Reads all of these runs. Those that have damaged pieces, and these by index. */
  async damagedPieces(
    wants: (run: Run) => boolean,
  ): Promise<ReadonlyMap<Run, ReadonlyMap<number, DamagedPiece>>> {
    const damaged = new Map<Run, ReadonlyMap<number, DamagedPiece>>();
    for (const run of this.runs.filter(wants)) {
      const found = await run.damagedPieces();
      if (found.length > 0) damaged.set(run, new Map(found.map((one) => [one.piece.index, one])));
    }
    return damaged;
  }

  /** Durable when it resolves. */
  async write(pieces: readonly NewPiece[], position: bigint): Promise<Run> {
    const number = this.freeNumber();
    const path = join(this.directory, `${number}.run`);
    const temporary = `${path}.tmp`;
    let directory: RunDirectory;
    try {
      const handle = await open(temporary, 'wx', FILE_MODE);
      try {
        directory = await writeRunFile(handle, this.storeId, pieces, position);
        await handle.datasync();
      } finally {
        await handle.close();
      }
      await rename(temporary, path);
      await syncDirectory(this.directory);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      await rm(path, { force: true }).catch(() => undefined);
      throw error;
    }
    const run = new Run(path, number, directory);
    this.add(run);
    return run;
  }

  /** Of a file that nobody has put there: behind the newest, or from 1 on when there are no higher numbers. */
  private freeNumber(): number {
    do this.newest = (this.newest % RUN_NUMBER_MAX) + 1;
    while (this.taken.has(this.newest));
    return this.newest;
  }

  private add(run: Run): void {
    run.salvage = this.salvage;
    this.runs.push(run);
  }

  /** Those of which no piece counts. */
  async removeDead(runs: readonly Run[]): Promise<void> {
    for (const run of runs) {
      if (run.live > 0) continue;
      const at = this.runs.indexOf(run);
      if (at < 0) continue;
      await run.remove();
      this.runs.splice(at, 1);
    }
  }
}

/** Of a file with such a name, wherever it is; undefined for any other. */
export function runNumber(path: string): number | undefined {
  const match = /^(\d{1,15})\.run$/.exec(basename(path));
  return match ? Number(match[1]) : undefined;
}

/** Of a damaged one, what is whole of the store's (absent `storeId`: of anybody's). What is wrong with it, when it has nothing. */
export async function readRun(path: string, storeId?: string): Promise<Run | string> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = await readRunFile(handle, storeId);
    if (typeof found === 'string') return found;
    return new Run(path, runNumber(path) ?? 0, found.directory, found.damage);
  } finally {
    await handle.close();
  }
}
