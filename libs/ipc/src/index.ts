export { FrameDecoder } from './frame-decoder.js';
export type { FrameListener } from './frame-decoder.js';
export { encodeFrame, writeFrame } from './frame-encoder.js';
export { FrameTooLargeError } from './frame-too-large-error.js';
export { MessageReader } from './message-reader.js';
export type { MessageSink } from './message-reader.js';
export * as limits from './limits.js';
