export { logStoreConformance } from './conformance/suite.js';
export type { ConformanceOptions, StoreUnderTest, TestRunner } from './conformance/suite.js';
