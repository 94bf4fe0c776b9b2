import { hostname } from 'node:os';
import type { createJobStoreAdapter, JobStoreAdapter, JobStoreEvent } from '@joblet/client/state';
import type { JsonValue, NewJob, newJob, StateStoreError } from '@joblet/state-store';
import { messageOf } from '../failure.js';
import { isNoneThere, type StatePlace } from '../find-state.js';
import { STATE_CLOSE_TIMEOUT_MS, STATE_CLOSE_TIMEOUT_NOT_CONNECTED_MS } from '../limits.js';

/** Keeps the state of the job that runs here. Nothing waits for the state service, and nothing fails without it. */
export interface StateRecorder {
  running(pid: number): void;
  /** `isStopped`: rnx was told to stop it. */
  ended(exitCode: number, isStopped: boolean): void;
  /** Within a bounded time; tells what could not be kept. */
  close(): Promise<void>;
}

export interface StateRecorderOptions {
  /** Its `nodeId` '': the host's name. */
  readonly place: StatePlace;
  readonly job: {
    readonly uuid: string;
    readonly name: string;
    readonly command: string;
    readonly args: readonly string[];
    readonly workingDirectory: string;
  };
  readonly note: (line: string) => void;
}

/** For a job whose state is not kept. */
export const noStateRecorder: StateRecorder = {
  running: () => undefined,
  ended: () => undefined,
  close: () => Promise.resolve(),
};

/** The job is INITIALIZING. The variables of its environment are not kept: they may be secrets. */
export async function openStateRecorder(options: StateRecorderOptions): Promise<StateRecorder> {
  // Loaded only when they are used: the command starts sooner without.
  const [client, stateStore] = await Promise.all([
    import('@joblet/client/state'),
    import('@joblet/state-store'),
  ]);
  return new Recording(options, client.createJobStoreAdapter, stateStore.newJob);
}

class Recording implements StateRecorder {
  private readonly adapter: JobStoreAdapter;
  private trouble: StateStoreError | undefined;
  private fields: Readonly<Record<string, JsonValue>>;

  constructor(
    private readonly options: StateRecorderOptions,
    createAdapter: typeof createJobStoreAdapter,
    private readonly makeJob: typeof newJob,
  ) {
    const { job } = options;
    const { socketPath, nodeId } = options.place;
    this.adapter = createAdapter({
      socketPath,
      nodeId: nodeId || hostname(),
      owner: 'rnx',
      onReconnect: 'replay',
      onEvent: (event) => this.onEvent(event),
    });
    this.fields = { ...job, args: [...job.args], status: 'INITIALIZING', startTime: now() };
    this.adapter.create(this.job());
  }

  running(pid: number): void {
    this.change({ status: 'RUNNING', startTime: now(), pid });
  }

  ended(exitCode: number, isStopped: boolean): void {
    const status = exitCode === 0 ? 'COMPLETED' : isStopped ? 'STOPPED' : 'FAILED';
    this.change({ status, endTime: now(), exitCode });
  }

  async close(): Promise<void> {
    const deadlineMs = this.adapter.isConnected
      ? STATE_CLOSE_TIMEOUT_MS
      : STATE_CLOSE_TIMEOUT_NOT_CONNECTED_MS;
    const { unstored } = await this.adapter.close({ deadlineMs });
    const isKept = unstored === 0 && this.adapter.dropped === 0;
    if (isKept || isNoneThere(this.options.place, this.trouble)) return;
    this.options.note(`the job's state is not kept: ${this.reason()}`);
  }

  private reason(): string {
    if (this.trouble === undefined) return 'the state service does not answer';
    return this.trouble.code === 'JOB_NOT_FOUND' ? 'somebody has deleted it' : messageOf(this.trouble);
  }

  private change(fields: Record<string, string | number>): void {
    this.fields = { ...this.fields, ...fields };
    // Not there any more: somebody has deleted it, which was told as dropped.
    if (this.adapter.get(this.options.job.uuid) !== undefined) this.adapter.update(this.job());
  }

  private job(): NewJob {
    return this.makeJob(this.fields);
  }

  private onEvent(event: JobStoreEvent): void {
    if ('error' in event && event.error !== undefined) this.trouble = event.error;
  }
}

function now(): string {
  return new Date().toISOString();
}
