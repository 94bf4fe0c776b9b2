import { promisify } from 'node:util';
import { constants, crc32, deflateRaw, inflateRaw, type InputType, type ZlibOptions } from 'node:zlib';
import { errorCode } from './errors.js';
import { INFLATED_BYTES_MAX } from './limits.js';
import { decodeMemberExtra, encodeMemberExtra, type MemberExtra } from './member-extra.js';

/** First bytes of a gzip member that is compressed with deflate (RFC 1952, 2.3.1). */
export const MAGIC = Buffer.from([0x1f, 0x8b, 0x08]);
export const FIXED_HEADER_BYTES = 10;
export const TRAILER_BYTES = 8;

/** Largest header that is looked for: fixed part and a full FEXTRA field. */
export const HEADER_BYTES_MAX = FIXED_HEADER_BYTES + 2 + 0xffff;

const FLAG_EXTRA = 0x04;
const OS_UNKNOWN = 0xff;

export interface MemberHeader {
  /** Header and body only; the trailer comes behind. */
  readonly headerBytes: number;
  /** Only members of ours have one. */
  readonly extra: MemberExtra | undefined;
}

const deflateAsync = promisify<InputType, ZlibOptions, Buffer>(deflateRaw);

/** One gzip member with the text, compressed in one shot: Node's zlib cannot write FEXTRA itself. */
export async function encodeMember(
  text: Buffer,
  extra: Omit<MemberExtra, 'bodyBytes'>,
  level: number,
): Promise<Buffer> {
  const body = await deflateAsync(text, { level });
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
 * The header at `at`, or undefined when the bytes are none that the Go service or we write: flags other than FEXTRA
 * are not. `bytes` must reach as far as the header, or to the end of the file.
 */
export function parseHeader(bytes: Buffer, at: number): MemberHeader | undefined {
  if (bytes.length - at < FIXED_HEADER_BYTES || bytes.compare(MAGIC, 0, 3, at, at + 3) !== 0)
    return undefined;
  const flags = bytes[at + 3];
  if (flags === 0) return { headerBytes: FIXED_HEADER_BYTES, extra: undefined };
  if (flags !== FLAG_EXTRA || bytes.length - at < FIXED_HEADER_BYTES + 2) return undefined;
  const start = at + FIXED_HEADER_BYTES + 2;
  const end = start + bytes.readUInt16LE(start - 2);
  if (end > bytes.length) return undefined;
  return { headerBytes: end - at, extra: decodeMemberExtra(bytes.subarray(start, end)) };
}

export interface Inflated {
  readonly text: Buffer;
  /** Bytes that the deflate stream took. */
  readonly bodyBytes: number;
}

/**
 * Inflates the deflate stream that starts at the first byte; what lies behind its end is not looked at. `cut`: the
 * bytes are over before the stream is. `broken`: they are no deflate stream, or one too large to be ours.
 */
export async function inflateWhole(bytes: Buffer): Promise<Inflated | 'cut' | 'broken'> {
  try {
    return await inflate(bytes, constants.Z_FINISH);
  } catch (error) {
    return errorCode(error) === 'Z_BUF_ERROR' ? 'cut' : 'broken';
  }
}

/** What comes out of a deflate stream that was cut; undefined when it is broken before the cut. */
export async function inflatePart(bytes: Buffer): Promise<Inflated | undefined> {
  try {
    return await inflate(bytes, constants.Z_SYNC_FLUSH);
  } catch {
    return undefined;
  }
}

function inflate(bytes: Buffer, finishFlush: number): Promise<Inflated> {
  return new Promise((resolve, reject) => {
    inflateRaw(
      bytes,
      { info: true, finishFlush, maxOutputLength: INFLATED_BYTES_MAX },
      (error, result: unknown) => {
        if (error) return reject(error);
        // With `info` it is {buffer, engine}, which Node's types do not know.
        const { buffer, engine } = result as { buffer: Buffer; engine: { bytesWritten: number } };
        resolve({ text: buffer, bodyBytes: engine.bytesWritten });
      },
    );
  });
}

/** Whether the trailer at `at` belongs to the text. */
export function trailerMatches(bytes: Buffer, at: number, text: Buffer): boolean {
  return bytes.readUInt32LE(at) === crc32(text) && bytes.readUInt32LE(at + 4) === text.length % 2 ** 32;
}
