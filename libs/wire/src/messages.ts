/** The envelope of everything on the write channel (`joblet.ipc.IPCMessage`). */
export interface IpcMessage {
  version: number;
  type: number;
  /** Decides where `data` is stored. */
  jobId: string;
  /** Unix time in nanoseconds. */
  timestamp: bigint;
  sequence: bigint;
  /** A serialised LogLine or Metric. */
  data: Uint8Array;
}

/** A piece of a job's output (`joblet.ipc.LogLine`, the same bytes as `joblet.persist.LogLine`). */
export interface LogLine {
  jobId: string;
  stream: number;
  /** Unix time in nanoseconds. */
  timestamp: bigint;
  sequence: bigint;
  /** Any bytes, with or without a newline. */
  content: Uint8Array;
}

/** A sample of what a job uses (`joblet.ipc.Metric`, the same bytes as `joblet.persist.Metric`). */
export interface Metric {
  jobId: string;
  /** Unix time in nanoseconds. */
  timestamp: bigint;
  sequence: bigint;
  data?: MetricData;
}

export interface MetricData {
  /** Cores in use. */
  cpuUsage: number;
  /** Bytes. */
  memoryUsage: bigint;
  /** Share of the GPU in use, 0 to 1. */
  gpuUsage: number;
  diskIo?: DiskIo;
  networkIo?: NetworkIo;
}

export interface DiskIo {
  readBytes: bigint;
  writeBytes: bigint;
  readOps: bigint;
  writeOps: bigint;
}

export interface NetworkIo {
  rxBytes: bigint;
  txBytes: bigint;
  rxPackets: bigint;
  txPackets: bigint;
}

export const MessageType = { LOG: 1, METRIC: 2 } as const;

export const StreamType = { UNSPECIFIED: 0, STDOUT: 1, STDERR: 2 } as const;
