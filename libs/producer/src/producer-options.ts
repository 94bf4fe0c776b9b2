import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { limits as ipcLimits } from '@joblet/ipc';
import * as limits from './limits.js';
import type { ProducerEvent } from './producer-event.js';
import { schedule } from './schedule.js';
import type { Schedule } from './schedule.js';

export interface ProducerOptions {
  /** The unix socket of persist's write channel. */
  socketPath: string;
  /** What `write` does while the buffer is full: wait, or drop the row and count it. Default: block. */
  whenFull?: 'block' | 'drop-newest';
  /** Bytes of buffered frames from which on the buffer is full. Default: 8,388,608. */
  bufferBytesMax?: number;
  /** Buffered rows from which on the buffer is full. Default: 10,000. */
  bufferRowsMax?: number;
  /** Largest frame in bytes; the server's limit. Default: 134,217,728. */
  frameSizeMax?: number;
  /** Default: 5,000. */
  connectTimeoutMs?: number;
  /** Upper bound of the first delay before connecting again. Default: 100. */
  reconnectBaseMs?: number;
  /** Upper bound of every delay; a connection that lasted so long starts again with the first. Default: 5,000. */
  reconnectCapMs?: number;
  /** Attempts in a row before giving up; 0: no limit. Default: 0. */
  reconnectAttemptsMax?: number;
  onEvent?: (event: ProducerEvent) => void;
  /** The time for rows without one, in Unix ns. Default: the system's clock, in milliseconds. */
  now?: () => bigint;
  /** From 0 to below 1. Default: Math.random. */
  random?: () => number;
  /** Default: setTimeout. */
  schedule?: Schedule;
  /** Default: net.connect. */
  connect?: (socketPath: string) => Socket;
}

/** The options with their defaults. Throws TypeError for what cannot be. */
export function checkOptions(options: ProducerOptions): Required<ProducerOptions> {
  const checked = { ...DEFAULTS, ...options };
  const { socketPath, whenFull }: { socketPath: unknown; whenFull: unknown } = checked;
  const pathBytes = typeof socketPath === 'string' ? Buffer.byteLength(socketPath) : 0;
  if (pathBytes === 0 || pathBytes > limits.SOCKET_PATH_BYTES_MAX) {
    throw new TypeError(
      `socketPath is ${JSON.stringify(socketPath)}; expected a path of 1 to ${limits.SOCKET_PATH_BYTES_MAX} bytes, not ${pathBytes}`,
    );
  }
  if (whenFull !== 'block' && whenFull !== 'drop-newest') {
    const found = whenFull === 'spill' ? "'spill', which is not built yet" : JSON.stringify(whenFull);
    throw new TypeError(`whenFull is ${found}; expected 'block' or 'drop-newest'`);
  }
  for (const [name, min] of NUMBERS) {
    const value = checked[name];
    if (Number.isSafeInteger(value) && value >= min) continue;
    throw new TypeError(`${name} is ${value}; expected a whole number from ${min} on`);
  }
  return checked;
}

const DEFAULTS: Omit<Required<ProducerOptions>, 'socketPath'> = {
  whenFull: 'block',
  bufferBytesMax: limits.BUFFER_BYTES_MAX,
  bufferRowsMax: limits.BUFFER_ROWS_MAX,
  frameSizeMax: ipcLimits.FRAME_SIZE_MAX,
  connectTimeoutMs: limits.CONNECT_TIMEOUT_MS,
  reconnectBaseMs: limits.RECONNECT_BASE_MS,
  reconnectCapMs: limits.RECONNECT_CAP_MS,
  reconnectAttemptsMax: 0,
  onEvent: () => undefined,
  now: () => BigInt(Date.now()) * 1_000_000n,
  random: Math.random,
  schedule,
  connect: (socketPath) => connect(socketPath),
};

const NUMBERS = [
  ['bufferBytesMax', 1],
  ['bufferRowsMax', 1],
  ['frameSizeMax', 2 * limits.FRAME_OVERHEAD_MAX],
  ['connectTimeoutMs', 1],
  ['reconnectBaseMs', 1],
  ['reconnectCapMs', 1],
  ['reconnectAttemptsMax', 0],
] as const;
