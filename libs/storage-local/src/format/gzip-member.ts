import { promisify } from 'node:util';
import {
  constants,
  crc32,
  createInflateRaw,
  deflateRaw,
  deflateRawSync,
  inflateRaw,
  type InputType,
  type ZlibOptions,
} from 'node:zlib';
import { errorCode } from '../errors.js';
import { decodeMemberExtra, encodeMemberExtra, type MemberExtra } from './member-extra.js';

/** First bytes of a gzip member that is compressed with deflate (RFC 1952, 2.3.1). */
export const MAGIC = Buffer.from([0x1f, 0x8b, 0x08]);
export const FIXED_HEADER_BYTES = 10;
export const TRAILER_BYTES = 8;

/** Largest header that is looked for: fixed part and a full FEXTRA field. */
export const HEADER_BYTES_MAX = FIXED_HEADER_BYTES + 2 + 0xffff;

const FLAG_HEADER_CRC = 0x02;
const FLAG_EXTRA = 0x04;
const FLAG_NAME = 0x08;
const FLAG_COMMENT = 0x10;
const FLAGS_RESERVED = 0xe0;
const OS_UNKNOWN = 0xff;

export interface MemberHeader {
  readonly headerBytes: number;
  /** Only members of ours have one; undefined also when it is damaged. */
  readonly extra: MemberExtra | undefined;
  /** Whether there is an FEXTRA field, readable or not: without one, the member is none of ours. */
  readonly hasExtraField: boolean;
}

/** What a member of usual size is compressed to fits, so that zlib makes one buffer of it. */
const DEFLATE_CHUNK_BYTES = 64 * 1024;

const deflateAsync = promisify<InputType, ZlibOptions, Buffer>(deflateRaw);

/** One gzip member with the text, compressed in one shot: Node's zlib cannot write FEXTRA itself. */
export async function encodeMember(
  text: Buffer,
  extra: Omit<MemberExtra, 'bodyBytes'>,
  level: number,
): Promise<Buffer> {
  return assembleMember(text, await deflateAsync(text, { level }), extra);
}

/** As `encodeMember`, for a thread that has nothing else to do. */
export function encodeMemberSync(
  text: Uint8Array,
  extra: Omit<MemberExtra, 'bodyBytes'>,
  level: number,
): Buffer {
  return assembleMember(text, deflateRawSync(text, { level, chunkSize: DEFLATE_CHUNK_BYTES }), extra);
}

function assembleMember(text: Uint8Array, body: Buffer, extra: Omit<MemberExtra, 'bodyBytes'>): Buffer {
  const field = encodeMemberExtra({ ...extra, bodyBytes: body.length });
  const header = Buffer.alloc(FIXED_HEADER_BYTES + 2);
  MAGIC.copy(header);
  header[3] = FLAG_EXTRA;
  header[9] = OS_UNKNOWN;
  header.writeUInt16LE(field.length, FIXED_HEADER_BYTES);
  const trailer = Buffer.alloc(TRAILER_BYTES);
  trailer.writeUInt32LE(crc32(text), 0);
  trailer.writeUInt32LE(text.length % 2 ** 32, 4);
  return Buffer.concat([header, field, body, trailer]);
}

/**
 * The header at the first byte, or undefined if there is none. Go and this store write no name, no comment and no
 * checksum of the header, but gzip does when somebody repacks a file by hand. `bytes` must reach as far as the header,
 * or to the end of the file.
 */
export function parseHeader(bytes: Buffer): MemberHeader | undefined {
  if (bytes.length < FIXED_HEADER_BYTES || bytes.compare(MAGIC, 0, 3, 0, 3) !== 0) return undefined;
  const flags = bytes[3];
  if ((flags & FLAGS_RESERVED) !== 0) return undefined;
  let pos = FIXED_HEADER_BYTES;
  let extra: MemberExtra | undefined;
  const hasExtraField = (flags & FLAG_EXTRA) !== 0;
  if (hasExtraField) {
    if (pos + 2 > bytes.length) return undefined;
    const start = pos + 2;
    pos = start + bytes.readUInt16LE(pos);
    extra = decodeMemberExtra(bytes.subarray(start, pos));
  }
  for (const flag of [FLAG_NAME, FLAG_COMMENT]) {
    if ((flags & flag) === 0) continue;
    pos = bytes.indexOf(0, pos) + 1;
    if (pos === 0) return undefined;
  }
  if ((flags & FLAG_HEADER_CRC) !== 0) pos += 2;
  return pos > bytes.length ? undefined : { headerBytes: pos, extra, hasExtraField };
}

export interface Inflated {
  readonly text: Buffer;
  /** Bytes that the deflate stream took. */
  readonly bodyBytes: number;
}

/**
 * Inflates the deflate stream that starts at the first byte; what lies behind its end is not looked at. `cut`: the
 * bytes are over before the stream is. `large`: it has more text than `textBytesMax`. `broken`: it is none.
 */
export async function inflateWhole(
  bytes: Buffer,
  textBytesMax: number,
): Promise<Inflated | 'cut' | 'large' | 'broken'> {
  try {
    return await inflate(bytes, { finishFlush: constants.Z_FINISH, maxOutputLength: textBytesMax });
  } catch (error) {
    const code = errorCode(error);
    if (code === 'Z_BUF_ERROR') return 'cut';
    return code === 'ERR_BUFFER_TOO_LARGE' ? 'large' : 'broken';
  }
}

/**
 * What comes out of the first bytes of a deflate stream, up to a piece that has the byte `until`, or to about
 * `textBytesMax`; undefined when it is broken there.
 */
export async function inflateStart(
  bytes: Buffer,
  until: number,
  textBytesMax: number,
): Promise<Buffer | undefined> {
  const inflater = createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH });
  inflater.end(bytes);
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    for await (const piece of inflater as AsyncIterable<Buffer>) {
      pieces.push(piece);
      length += piece.length;
      if (length >= textBytesMax || piece.includes(until)) break;
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(pieces);
}

function inflate(bytes: Buffer, options: ZlibOptions): Promise<Inflated> {
  return new Promise((resolve, reject) => {
    inflateRaw(bytes, { info: true, ...options }, (error, result: unknown) => {
      if (error) return reject(error);
      // With `info` it is {buffer, engine}, which Node's types do not know.
      const { buffer, engine } = result as { buffer: Buffer; engine: { bytesWritten: number } };
      resolve({ text: buffer, bodyBytes: engine.bytesWritten });
    });
  });
}

/** Whether a trailer belongs to a text with this checksum and length. */
export function trailerMatches(trailer: Buffer, textCrc: number, textBytes: number): boolean {
  return trailer.readUInt32LE(0) === textCrc && trailer.readUInt32LE(4) === textBytes % 2 ** 32;
}
