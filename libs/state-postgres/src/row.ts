import { liveRecord, readStoredJob, type JobRecord } from '@joblet/state-store';

/** What is read of a row. pg gives 64-bit integers as text. */
export interface JobRow {
  readonly uuid: string;
  readonly version: string;
  readonly write_id: string;
  readonly is_upserted: boolean;
  readonly expires_at: string | null;
  readonly document: string | null;
}

export const ROW_COLUMNS = 'uuid, version, write_id, is_upserted, expires_at, document';

/** What a change writes, in the order of WRITTEN_COLUMNS. */
export type WrittenValues = readonly [
  uuid: string,
  version: number,
  writeId: string,
  isUpserted: boolean,
  expiresAt: number | null,
  status: string,
  nodeId: string,
  owner: string,
  createdAt: string,
  updatedAt: string,
  startTime: string,
  document: string | null,
];

/** Each with its type. */
export const WRITTEN_COLUMNS = [
  ['uuid', 'text'],
  ['version', 'bigint'],
  ['write_id', 'uuid'],
  ['is_upserted', 'boolean'],
  ['expires_at', 'bigint'],
  ['status', 'text'],
  ['node_id', 'text'],
  ['owner', 'text'],
  ['created_at', 'text'],
  ['updated_at', 'text'],
  ['start_time', 'text'],
  ['document', 'text'],
] as const;

/** The record of a row; undefined for a tombstone that has expired. */
export function recordOf(row: JobRow, now: number): JobRecord | undefined {
  if (row.document !== null) return liveRecord(readStoredJob(row.document), row.is_upserted);
  const expiresAt = Number(row.expires_at);
  if (expiresAt <= now) return undefined;
  return { kind: 'tombstone', uuid: row.uuid, version: Number(row.version), expiresAt };
}

export function valuesOf(record: JobRecord, writeId: string): WrittenValues {
  const { uuid, version } = record;
  if (record.kind === 'tombstone')
    return [uuid, version, writeId, false, record.expiresAt, '', '', '', '', '', '', null];
  const { status, nodeId, owner, createdAt, updatedAt, startTime, json } = record.job;
  return [
    uuid,
    version,
    writeId,
    record.isUpserted,
    null,
    status,
    nodeId,
    owner,
    createdAt,
    updatedAt,
    startTime,
    json,
  ];
}
