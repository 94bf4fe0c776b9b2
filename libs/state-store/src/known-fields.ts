export type FieldType =
  | 'string'
  | 'int32'
  | 'int64'
  | 'time'
  | 'list of strings'
  | 'list of int32'
  | 'object of strings'
  | 'object'
  | 'list of uploads';

export interface KnownField {
  /** Its spelling in answers. */
  readonly name: string;
  /** JSON of its name, and the colon. */
  readonly key: string;
  readonly type: FieldType;
  /** Whether an update that does not have it removes it, as the Go service's replaces its whole job. */
  readonly isReplaced: boolean;
}

/** Holds the sealed `secretEnvironment` of a job in a persistent store. */
export const SEALED_FIELD = 'sealedSecretEnvironment';

const REPLACED: Readonly<Record<string, FieldType>> = {
  uuid: 'string',
  name: 'string',
  command: 'string',
  args: 'list of strings',
  type: 'string',
  limits: 'object',
  cgroupPath: 'string',
  status: 'string',
  pid: 'int32',
  startTime: 'time',
  endTime: 'time',
  scheduledTime: 'time',
  exitCode: 'int32',
  network: 'string',
  volumes: 'list of strings',
  runtime: 'string',
  workflowUuid: 'string',
  workingDirectory: 'string',
  uploads: 'list of uploads',
  dependencies: 'list of strings',
  environment: 'object of strings',
  secretEnvironment: 'object of strings',
  gpuIndices: 'list of int32',
  gpuCount: 'int32',
  gpuMemoryMB: 'int64',
  nodeId: 'string',
  [SEALED_FIELD]: 'string',
};

/** Those that the Go daemon does not know: its updates would lose them. */
const KEPT: Readonly<Record<string, FieldType>> = {
  owner: 'string',
  createdAt: 'time',
  updatedAt: 'time',
  completedAt: 'time',
  version: 'int64',
};

const BY_LOWER_CASE = new Map<string, KnownField>();
for (const [fields, isReplaced] of [
  [REPLACED, true],
  [KEPT, false],
] as const) {
  for (const [name, type] of Object.entries(fields)) {
    BY_LOWER_CASE.set(name.toLowerCase(), { name, key: `"${name}":`, type, isReplaced });
  }
}

/** By the spellings that daemons use: to lower the case of each key of each request costs more than to parse it. */
const BY_SPELLING = new Map<string, KnownField>();
for (const field of BY_LOWER_CASE.values()) {
  BY_SPELLING.set(field.name, field);
  BY_SPELLING.set(
    field.name.replace(/^gpu/, 'GPU').replace(/^[a-z]/, (first) => first.toUpperCase()),
    field,
  );
}

/** The known field that a key names, in whatever case. */
export function knownField(key: string): KnownField | undefined {
  return BY_SPELLING.get(key) ?? BY_LOWER_CASE.get(key.toLowerCase());
}
