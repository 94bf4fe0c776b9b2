import { crc32 } from 'node:zlib';
import { decodeRecord, encodeRecord, StateStoreError, type JobRecord } from '@joblet/state-store';

/** Hexadecimal digits of the checksum. */
const CHECKSUM_LENGTH = 8;

/** The CRC-32 of the record's text, in hexadecimal, and the text: LevelDB checks no checksum of its own on reading. */
export function encodeValue(record: JobRecord): string {
  const text = encodeRecord(record);
  return checksum(text) + text;
}

/** INTERNAL when the value is not what was written. */
export function decodeValue(uuid: string, value: string): JobRecord {
  const text = value.slice(CHECKSUM_LENGTH);
  if (value.slice(0, CHECKSUM_LENGTH) !== checksum(text)) {
    throw new StateStoreError(
      'INTERNAL',
      `the record of job ${uuid} is damaged on the disk: its checksum is wrong; see "Damaged files" in the README of @joblet/state-local`,
    );
  }
  return decodeRecord(text);
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(CHECKSUM_LENGTH, '0');
}
