import { checkField } from './check-field.js';
import { checkName, checkUuid } from './check-names.js';
import type { NewJob } from './job.js';
import { scanObject, valueEnd } from './json-object.js';
import { stringifyJson, type JsonValue } from './json-value.js';
import { knownField } from './known-fields.js';
import { StateStoreError } from './state-store-error.js';

/**
 * A job from its JSON, or from an object (whose undefined fields are left out). Known keys are taken in any case. Throws
 * INVALID_JSON when it is no JSON object or a known field has the wrong type, INVALID_ARGUMENT when the uuid is missing
 * or cannot be a key.
 */
export function newJob(job: string | { readonly [key: string]: JsonValue | undefined }): NewJob {
  const json = typeof job === 'string' ? job : stringifyJson(job);
  return newJobOf(json, parsed(json));
}

/** As `newJob`, of JSON that has been parsed already: `value` is what JSON.parse made of it. */
export function newJobOf(json: string, value: unknown): NewJob {
  const reader = new JobReader(json, value);
  reader.read(0);
  return reader.job();
}

/** Takes a job's fields from its JSON, and from what JSON.parse made of it. */
export class JobReader {
  private readonly json: string;
  private readonly value: Record<string, unknown>;
  private readonly hasLineEnds: boolean;
  private readonly fields = new Map<string, string>();

  constructor(json: string, value: unknown) {
    if (!isObject(value)) throw new StateStoreError('INVALID_JSON', 'job is no JSON object');
    this.json = json;
    this.value = value;
    this.hasLineEnds = json.includes('\n') || json.includes('\r');
  }

  /** The object that starts at `from`; gives where it ends. */
  read(from: number): number {
    const keys = Object.keys(this.value);
    return scanObject(this.json, from, (key, start) => this.take(key, start), keys);
  }

  job(): NewJob {
    return checkedJob(this.fields);
  }

  private take(key: string, start: number): number {
    const end = valueEnd(this.json, start);
    const text = this.json.slice(start, end);
    const field = knownField(key);
    if (field !== undefined) checkField(field, this.value[key], text);
    const name = field?.name ?? key;
    // Line ends are blanks in valid JSON: within a string they are escaped.
    const line = this.hasLineEnds ? text.replace(/[\n\r]/g, ' ') : text;
    const count = this.fields.size;
    this.fields.set(name, line);
    if (this.fields.size === count) {
      // Of two the last one counts, and has its place there: of a key, and of the spellings of a known one.
      this.fields.delete(name);
      this.fields.set(name, line);
    }
    return end;
  }
}

/** Of fields whose types have been checked. */
export function checkedJob(fields: ReadonlyMap<string, string>): NewJob {
  const uuid = textOf(fields, 'uuid') ?? '';
  const nodeId = textOf(fields, 'nodeId') ?? '';
  const status = textOf(fields, 'status') ?? '';
  const owner = fields.has('owner') ? (textOf(fields, 'owner') ?? '') : undefined;
  checkUuid(uuid);
  checkName('nodeId', nodeId);
  checkName('owner', owner ?? '');
  checkName('status', status);
  return { uuid, nodeId, owner, fields };
}

/** The job with this node unless it has one. */
export function withNodeId(job: NewJob, nodeId: string): NewJob {
  if (job.nodeId !== '' || nodeId === '') return job;
  return { ...job, nodeId, fields: new Map([...job.fields, ['nodeId', JSON.stringify(nodeId)]]) };
}

/** The job with this owner unless it says its own. */
export function withOwner(job: NewJob, owner: string): NewJob {
  if (job.owner !== undefined || owner === '') return job;
  return { ...job, owner, fields: new Map([...job.fields, ['owner', JSON.stringify(owner)]]) };
}

/** A field's string; undefined when it is absent or null. Its type has been checked. */
export function textOf(fields: ReadonlyMap<string, string>, name: string): string | undefined {
  const text = fields.get(name);
  if (text === undefined || text === 'null') return undefined;
  if (text === '""') return '';
  // Parsed, not cut: a part of a text would keep the whole line that it came in.
  return JSON.parse(text) as string;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new StateStoreError('INVALID_JSON', reasonOf(error));
  }
}

/** What is wrong, without the piece of the text that V8 quotes: it may be a secret. */
export function reasonOf(error: unknown): string {
  const message = String(error);
  if (/end of JSON|Unterminated/.test(message)) return 'unexpected end of JSON input';
  const [position] = /(?<=at position )\d+/.exec(message) ?? [];
  return `unexpected character${position === undefined ? '' : ` at position ${position}`}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
