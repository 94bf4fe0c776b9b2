import { gzipSync } from 'node:zlib';
import { StorageError } from '@joblet/storage';
import { encodeMemberSync } from '../format/gzip-member.js';
import type { ByteSource } from './byte-source.js';
import { FileSnapshot } from './file-snapshot.js';
import type { ByteRange } from './member.js';
import { scanPlain, type PlainRows } from './plain-lines.js';
import type { Checkpoint } from './turns.js';

/** Nobody keeps them: stored, not compressed. */
const LEVEL = 0;
/** Members that are held: readers of one file are at two places of it at the most. */
const MEMBERS_HELD = 2;

/** A part of the plain file, and where the member that it is shown as begins. */
interface Shown extends ByteRange {
  readonly at: number;
  readonly length: number;
  readonly isDamage: boolean;
}

/**
 * A plain file as the gzip members that its rows would be in: those with ordinals in members of ours, those without as if the Go
 * service had written them, and what is no row as it is, between them. So all that is said of damage, order and gaps of members holds
 * for lines. The whole file is read once to find out where they begin, then again as it is asked for.
 */
export async function plainMembers(source: ByteSource, checkpoint: Checkpoint): Promise<ByteSource> {
  const parts: Shown[] = [];
  let at = 0;
  for await (const part of scanPlain(new FileSnapshot(source), 0, checkpoint)) {
    const { start, end } = part;
    const length = part.kind === 'damage' ? end - start : (await encode(source, part)).length;
    parts.push({ start, end, at, length, isDamage: part.kind === 'damage' });
    at += length;
  }
  return new PlainMembers(source, parts, at, checkpoint);
}

class PlainMembers implements ByteSource {
  readonly path: string;
  readonly size: number;
  private readonly source: ByteSource;
  private readonly parts: readonly Shown[];
  private readonly checkpoint: Checkpoint;
  private readonly held = new Map<Shown, Buffer>();

  constructor(source: ByteSource, parts: readonly Shown[], size: number, checkpoint: Checkpoint) {
    this.path = source.path;
    this.size = size;
    this.source = source;
    this.parts = parts;
    this.checkpoint = checkpoint;
  }

  async fill(target: Buffer, offset: number): Promise<void> {
    let index = this.partAt(offset);
    for (let filled = 0; filled < target.length; index++) {
      const part = this.parts[index];
      const from = offset + filled - part.at;
      const end = Math.min(target.length, filled + part.length - from);
      const piece = target.subarray(filled, end);
      if (part.isDamage) await this.source.fill(piece, part.start + from);
      else (await this.member(part)).copy(piece, 0, from);
      filled = end;
    }
  }

  /** In the plain file. What is a part of a member is all of its lines. */
  place({ start, end }: ByteRange): string {
    if (this.parts.length === 0) return this.source.place({ start: 0, end: 0 });
    return this.source.place({ start: this.placeOf(start, false), end: this.placeOf(end, true) });
  }

  async close(): Promise<void> {
    await this.source.close();
  }

  private placeOf(offset: number, isEnd: boolean): number {
    const part = this.parts[this.partAt(isEnd ? Math.max(offset - 1, 0) : offset)];
    if (part.isDamage) return part.start + offset - part.at;
    return isEnd ? part.end : part.start;
  }

  private async member(part: Shown): Promise<Buffer> {
    const known = this.held.get(part);
    if (known) return known;
    const { start, end, length } = part;
    const { source } = this;
    const lines = new FileSnapshot(firstBytes(source, end));
    let member: Buffer | undefined;
    for await (const rows of scanPlain(lines, start, this.checkpoint)) {
      if (rows.kind === 'rows' && rows.start === start && rows.end === end)
        member = await encode(source, rows);
    }
    if (member?.length !== length) {
      throw new StorageError('UNAVAILABLE', `${source.place({ start, end })}, changed while it was read`);
    }
    this.held.set(part, member);
    for (const [oldest] of this.held) {
      if (this.held.size <= MEMBERS_HELD) break;
      this.held.delete(oldest);
    }
    return member;
  }

  private partAt(offset: number): number {
    let low = 0;
    for (let high = this.parts.length - 1; low < high;) {
      const middle = (low + high + 1) >>> 1;
      if (this.parts[middle].at <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function firstBytes(source: ByteSource, size: number): ByteSource {
  return {
    path: source.path,
    size,
    fill: (target, offset) => source.fill(target, offset),
    place: (range) => source.place(range),
    close: () => Promise.resolve(),
  };
}

async function encode(source: ByteSource, rows: PlainRows): Promise<Buffer> {
  const { start, end, ordinals, contentBytes, timeMin, timeMax } = rows;
  const text = Buffer.allocUnsafe(end - start);
  await source.fill(text, start);
  if (!ordinals) return gzipSync(text, { level: LEVEL });
  return encodeMemberSync(text, { ordinals, contentBytes, timeMin, timeMax }, LEVEL);
}
