export { createProducer } from './producer.js';
export type { CloseReport, NewLog, NewMetric, Producer, ProducerStats } from './producer.js';
export type { ProducerOptions } from './producer-options.js';
export type { ProducerEvent } from './producer-event.js';
export { ProducerError } from './producer-error.js';
export type { ProducerErrorCode } from './producer-error.js';
export type { SenderState } from './sender.js';
export type { Schedule, Timer } from './schedule.js';
export * as limits from './limits.js';
