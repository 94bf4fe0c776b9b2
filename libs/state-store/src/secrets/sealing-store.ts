import type { JobFilter } from '../filter.js';
import type { Job, NewJob } from '../job.js';
import { SEALED_FIELD } from '../known-fields.js';
import { textOf } from '../new-job.js';
import type { StoreLogger } from '../open-state-store.js';
import { StateStoreError } from '../state-store-error.js';
import type {
  CreateOptions,
  DeleteOptions,
  Health,
  JobPage,
  StateStore,
  Supports,
  SyncCounts,
  SyncScope,
  UpdateOptions,
} from '../state-store.js';
import { fieldsOf, storedJob } from '../stored-job.js';
import { open, seal } from './seal.js';
import type { SecretKey } from './secret-keys.js';

const SECRET_FIELD = 'secretEnvironment';

export interface SealingOptions {
  /**
   * What becomes of a job's secrets: sealed by the first key, stored as they are, or left out. `encrypted` without a key
   * leaves them out, and says so once.
   */
  readonly storeSecrets: 'encrypted' | 'plain' | 'omit';
  /** From `readSecretKeys`; what any of them sealed is opened, whatever `storeSecrets` says. */
  readonly keys: readonly SecretKey[];
  readonly logger: Pick<StoreLogger, 'warn'>;
}

export interface SealingStore extends StateStore {
  /** How often a job was answered without its secrets, for lack of the key or because they are damaged. */
  readonly withheldSecrets: number;
}

/** A store whose jobs have their secrets, before one that never sees them. Closing it closes the other. */
export function sealSecrets(store: StateStore, options: SealingOptions): SealingStore {
  if (options.storeSecrets === 'encrypted' && options.keys.length === 0) {
    options.logger.warn({}, "there is no key: jobs' secret environments are not stored");
  }
  return new Sealing(store, options);
}

class Sealing implements SealingStore {
  readonly supports: Supports;
  private readonly store: StateStore;
  private readonly options: SealingOptions;
  private withheld = 0;

  constructor(store: StateStore, options: SealingOptions) {
    this.store = store;
    this.supports = store.supports;
    this.options = options;
  }

  get withheldSecrets(): number {
    return this.withheld;
  }

  async create(job: NewJob, options?: CreateOptions): Promise<Job> {
    return this.opened(await this.store.create(this.sealed(job), options));
  }

  async get(uuid: string): Promise<Job> {
    return this.opened(await this.store.get(uuid));
  }

  async update(job: NewJob, options?: UpdateOptions): Promise<Job> {
    return this.opened(await this.store.update(this.sealed(job), options));
  }

  async delete(uuid: string, options?: DeleteOptions): Promise<void> {
    await this.store.delete(uuid, options);
  }

  async list(filter?: JobFilter): Promise<JobPage> {
    const page = await this.store.list(filter);
    return { ...page, jobs: page.jobs.map((job) => this.opened(job)) };
  }

  async sync(jobs: readonly NewJob[], scope: SyncScope): Promise<SyncCounts> {
    const sealed = jobs.map((job) => this.sealed(job));
    return this.store.sync(sealed, scope);
  }

  async healthCheck(): Promise<Health> {
    return this.store.healthCheck();
  }

  async close(): Promise<void> {
    await this.store.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private sealed(job: NewJob): NewJob {
    if (job.fields.has(SEALED_FIELD)) {
      throw new StateStoreError(
        'INVALID_ARGUMENT',
        `job ${job.uuid} has the field ${SEALED_FIELD}; expected ${SECRET_FIELD}, which is sealed here`,
      );
    }
    const secrets = job.fields.get(SECRET_FIELD);
    const { storeSecrets, keys } = this.options;
    if (secrets === undefined || secrets === 'null' || storeSecrets === 'plain') return job;
    const [key] = keys;
    if (storeSecrets === 'omit' || key === undefined)
      return { ...job, fields: replaced(job.fields, SECRET_FIELD) };
    const text = seal(secrets, placeOf(job.uuid), key);
    return { ...job, fields: replaced(job.fields, SECRET_FIELD, [SEALED_FIELD, JSON.stringify(text)]) };
  }

  private opened(job: Job): Job {
    if (!job.json.includes(`"${SEALED_FIELD}"`)) return job;
    const fields = fieldsOf(job);
    const sealed = textOf(fields, SEALED_FIELD);
    const result = sealed === undefined ? undefined : open(sealed, placeOf(job.uuid), this.options.keys);
    if (result !== undefined && 'problem' in result) this.tellWithheld(job, result);
    const secrets: [string, string] | undefined =
      result !== undefined && 'text' in result ? [SECRET_FIELD, result.text] : undefined;
    return storedJob(replaced(fields, SEALED_FIELD, secrets), {
      owner: job.owner,
      createdAt: fields.get('createdAt') ?? '""',
      updatedAt: fields.get('updatedAt') ?? '""',
      version: job.version,
    });
  }

  private tellWithheld(job: Job, found: { problem: string; keyId?: string }): void {
    if (this.withheld++ > 0) return;
    this.options.logger.warn(
      { jobId: job.uuid, ...found },
      'the secret environment of a job cannot be opened: it is answered without; further ones are only counted',
    );
  }
}

/** What a sealed text is bound to. */
function placeOf(uuid: string): string {
  return `${uuid}\0${SECRET_FIELD}`;
}

/** The fields with another one, or none, in the place of `name`. */
function replaced(
  fields: ReadonlyMap<string, string>,
  name: string,
  other?: readonly [string, string],
): Map<string, string> {
  const entries: (readonly [string, string])[] = [];
  for (const field of fields) {
    if (field[0] !== name) entries.push(field);
    else if (other !== undefined) entries.push(other);
  }
  return new Map(entries);
}
