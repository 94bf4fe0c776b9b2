export { stateStoreConformance } from './conformance/suite.js';
export type { ConformanceOptions, StoreUnderTest, TestRunner } from './conformance/suite.js';
export type { Clock } from './conformance/clock.js';
