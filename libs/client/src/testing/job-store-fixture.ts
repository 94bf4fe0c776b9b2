import { EventEmitter, once } from 'node:events';
import { fieldsOf, type Job } from '@joblet/state-store';
import { createJobStoreAdapter } from '../job-store-adapter.js';
import type { JobStoreAdapter, JobStoreAdapterOptions, JobStoreEvent } from '../job-store.js';
import { FakeState } from './fake-state.js';

/** A state service, and adapters before it. */
export class JobStoreFixture implements AsyncDisposable {
  readonly state = new FakeState();
  /** Of all adapters. */
  readonly events: JobStoreEvent[] = [];
  private readonly told = new EventEmitter();
  private readonly adapters: JobStoreAdapter[] = [];

  constructor() {
    this.state.onRequest = () => this.told.emit('event');
  }

  open(options: Partial<JobStoreAdapterOptions> = {}): JobStoreAdapter {
    const adapter = createJobStoreAdapter({
      socketPath: this.state.path,
      nodeId: 'node-1',
      onReconnect: 'replay',
      random: () => 0,
      onEvent: (event) => {
        this.events.push(event);
        this.told.emit('event');
      },
      ...options,
    });
    this.adapters.push(adapter);
    return adapter;
  }

  /** Looks again with each event of an adapter, and each request. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await once(this.told, 'event');
  }

  eventsOf<Type extends JobStoreEvent['type']>(type: Type): Extract<JobStoreEvent, { type: Type }>[] {
    return this.events.filter(
      (event): event is Extract<JobStoreEvent, { type: Type }> => event.type === type,
    );
  }

  async stored(): Promise<readonly Job[]> {
    return (await this.state.store.list()).jobs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const adapter of this.adapters) await adapter.close({ deadlineMs: 0 });
    await this.state.dispose();
  }
}

/** What a job says, but for what each store stamps itself. */
export function content(job: Job | undefined): object | undefined {
  if (job === undefined) return undefined;
  const fields = fieldsOf(job);
  for (const name of ['version', 'updatedAt', 'createdAt']) fields.delete(name);
  return Object.fromEntries([...fields].sort());
}
