import type { CliIo } from '../cli-io.js';
import { messageOf } from '../failure.js';
import type { GlobalOptions } from '../global-options.js';
import { RECORDER_DEFAULTS } from '../limits.js';
import { producerConfig } from '../service-config.js';
import { ProducerRecorder } from './producer-recorder.js';
import { noRecorder, type Recorder } from './recorder.js';

export interface OpenRecorderOptions {
  readonly jobId: string;
  readonly globals: GlobalOptions;
  readonly io: CliIo;
  readonly note: (line: string) => void;
}

/** Finds where output goes. Never rejects: the job runs without a recorder if it must. */
export async function openRecorder({ jobId, globals, io, note }: OpenRecorderOptions): Promise<Recorder> {
  try {
    if (globals.ipcSocket !== undefined) {
      return new ProducerRecorder({ jobId, note, socketPath: globals.ipcSocket, ...RECORDER_DEFAULTS });
    }
    const { ipc, notBuilt } = await producerConfig(globals, io);
    for (const line of notBuilt) note(line);
    if (!ipc.enabled) {
      note('output is not kept: ipc.enabled is false');
      return noRecorder;
    }
    return new ProducerRecorder({
      jobId,
      note,
      socketPath: ipc.socket,
      bufferRowsMax: ipc.buffer_size,
      reconnectCapMs: ipc.reconnect_delay,
      reconnectAttemptsMax: ipc.max_reconnects,
    });
  } catch (error) {
    note(`output is not kept: ${messageOf(error)}`);
    return noRecorder;
  }
}
