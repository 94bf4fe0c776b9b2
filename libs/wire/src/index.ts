export type { DiskIo, IpcMessage, LogLine, Metric, MetricData, NetworkIo } from './messages.js';
export { MessageType, StreamType } from './messages.js';
export { WireError } from './wire-error.js';
export { decodeIpcMessage, encodeIpcMessage, IpcMessageFields, scanIpcMessage } from './ipc-message.js';
export { decodeLogLine, encodeLogLine, LogLineFields, scanLogLine } from './log-line.js';
export { decodeMetric, encodeMetric, MetricFields, scanMetric } from './metric.js';
export { int64FromHalves, uint64FromHalves } from './int64.js';
export { normaliseTimestamp } from './timestamp.js';
