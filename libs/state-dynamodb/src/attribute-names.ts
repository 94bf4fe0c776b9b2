/** What the partition key of the table is called; newer Go services call it job_uuid. */
export const KEY_NAMES = ['jobId', 'job_uuid'] as const;

export type KeyName = (typeof KEY_NAMES)[number];

/** Attributes that are not the job's, but ours. */
export const OWN = {
  /** The whole job as `Job.json`: what makes an item ours, unless it is a tombstone. */
  document: 'document',
  /** Of the job, or of the tombstone. */
  version: 'version',
  owner: 'owner',
  /** Another one with each write: what a change compares. */
  writeId: 'writeId',
  /** The mark of a job that an update created. */
  isUpserted: 'isUpserted',
  /** Unix time in milliseconds: what makes an item a tombstone. */
  tombstoneUntil: 'tombstoneUntil',
} as const;

/** The TTL attribute of the Go service, whatever ours is called. */
export const GO_TTL_ATTRIBUTE = 'expiresAt';

/** Not fields of a job, in whatever item. */
export const INTERNAL_NAMES: ReadonlySet<string> = new Set([
  ...KEY_NAMES,
  ...Object.values(OWN),
  GO_TTL_ATTRIBUTE,
]);

export interface MirroredAttribute {
  readonly name: string;
  /** The job's field whose value it has. */
  readonly field: string;
  /** Written as an instant in UTC, whose order as text is that in time: the index sorts by createdAt. */
  readonly isTime: boolean;
}

/**
 * Fields that are attributes too: for the Go service, which reads nothing else; for lists, which filter by them; and for
 * people. `limits` of the Go service has numbers where its client expects objects, in a job it would be unreadable.
 */
export const MIRRORED: readonly MirroredAttribute[] = [
  plain('jobStatus', 'status'),
  plain('command'),
  plain('nodeId'),
  time('startTime'),
  time('endTime'),
  time('scheduledTime'),
  time('createdAt'),
  time('updatedAt'),
  time('completedAt'),
  plain('exitCode'),
  plain('pid'),
  plain('network'),
  plain('runtime'),
  plain('args'),
  plain('jobType', 'type'),
  plain('limits', 'resourceLimits'),
  plain('volumes'),
  plain('workingDirectory'),
  plain('environment'),
  plain('gpuIndices'),
  plain('gpuCount'),
  plain('gpuMemoryMB'),
];

export const MIRRORED_NAMES: ReadonlySet<string> = new Set(MIRRORED.map(({ name }) => name));

/** What the TTL attribute cannot be called. */
export const RESERVED_NAMES: ReadonlySet<string> = new Set(
  [...INTERNAL_NAMES, ...MIRRORED_NAMES].filter((name) => name !== GO_TTL_ATTRIBUTE),
);

export const INDEX_NAME = 'status-createdAt-index';

function plain(name: string, field = name): MirroredAttribute {
  return { name, field, isTime: false };
}

function time(name: string): MirroredAttribute {
  return { name, field: name, isTime: true };
}
