import type { FileSnapshot } from './file-snapshot.js';
import {
  HEADER_BYTES_MAX,
  inflateWhole,
  parseHeader,
  trailerMatches,
  TRAILER_BYTES,
  type MemberHeader,
} from './gzip-member.js';
import { READ_AHEAD_BYTES } from './limits.js';
import type { MemberExtra } from './member-extra.js';
import { findMember, salvage } from './salvage.js';

/** A member whose checksum is right, or the complete rows of one that was cut. */
export interface Member {
  readonly kind: 'member';
  readonly extra: MemberExtra | undefined;
  /** Rows, each with its newline. Undefined when the caller did not want them. */
  readonly text: Buffer | undefined;
}

/** A part of the file whose rows are lost. */
export interface Damage {
  readonly kind: 'damage';
  readonly path: string;
  readonly offset: number;
  readonly bytes: number;
  readonly problem: string;
}

/** Tells from a header of ours whether the member's rows are wanted; members of the Go service are always read. */
export type WantsMember = (extra: MemberExtra) => boolean;

/**
 * The members of a file in order, and where it is damaged. Resynchronises on the next member after a damage.
 * Invariant: each byte of the file is in exactly one member or damage.
 */
export async function* scanMembers(
  file: FileSnapshot,
  wants: WantsMember = () => true,
): AsyncGenerator<Member | Damage> {
  let pos = 0;
  while (pos < file.size) {
    const header = parseHeader(await file.read(pos, HEADER_BYTES_MAX), 0);
    const whole = header && (await readWhole(file, pos, header, wants));
    if (whole) {
      yield whole.member;
      pos = whole.end;
      continue;
    }
    const next = await findMember(file, pos + 1);
    const saved = header && (await salvage(file, pos, header, next));
    if (saved && saved.text.length > 0) yield { kind: 'member', extra: header.extra, text: saved.text };
    if (!saved?.complete) {
      const problem = saved
        ? 'a member was cut short'
        : header
          ? 'a member is damaged'
          : 'there is no gzip member';
      yield { kind: 'damage', path: file.path, offset: pos, bytes: next - pos, problem };
    }
    pos = next;
  }
}

/** The member at `pos` if it is whole and right, and where it ends. */
async function readWhole(
  file: FileSnapshot,
  pos: number,
  header: MemberHeader,
  wants: WantsMember,
): Promise<{ member: Member; end: number } | undefined> {
  const bodyStart = pos + header.headerBytes;
  const { extra } = header;
  if (extra) {
    const end = bodyStart + extra.bodyBytes + TRAILER_BYTES;
    if (end > file.size) return undefined;
    if (!wants(extra) && (await startsMember(file, end)))
      return { member: { kind: 'member', extra, text: undefined }, end };
  }
  let length = extra ? extra.bodyBytes + TRAILER_BYTES : READ_AHEAD_BYTES;
  for (;;) {
    const bytes = await file.read(bodyStart, length);
    const inflated = await inflateWhole(bytes);
    if (inflated === 'broken') return undefined;
    const complete = inflated !== 'cut' && inflated.bodyBytes + TRAILER_BYTES <= bytes.length;
    if (complete) {
      const { text, bodyBytes } = inflated;
      if (extra && bodyBytes !== extra.bodyBytes) return undefined;
      if (!trailerMatches(bytes, bodyBytes, text)) return undefined;
      return { member: { kind: 'member', extra, text }, end: bodyStart + bodyBytes + TRAILER_BYTES };
    }
    if (extra || bodyStart + length >= file.size) return undefined;
    length *= 2;
  }
}

/** A member that is stepped over is trusted only when the next one, or the end of the file, is where it says. */
async function startsMember(file: FileSnapshot, pos: number): Promise<boolean> {
  return pos === file.size || parseHeader(await file.read(pos, HEADER_BYTES_MAX), 0) !== undefined;
}
