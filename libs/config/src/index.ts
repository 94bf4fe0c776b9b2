export { loadConfig } from './load-config.js';
export type { LoadedConfig, LoadOptions } from './load-config.js';
export { checkConfig } from './check-config.js';
export type { CheckedConfig, CheckOptions, Program } from './check-config.js';
export type { JobletConfig } from './config-schema.js';
export { ConfigError, problemLine } from './config-error.js';
export type { ConfigProblem, ConfigWarning, Position } from './config-error.js';
export { effectiveConfig, effectiveValues } from './effective-config.js';
export { serverTls } from './tls-material.js';
export type { TlsMaterial, TlsMaterials } from './tls-material.js';
export { STATE_BACKENDS, STORAGE_TYPES } from './backend-names.js';
export { nearestKey } from './nearest-key.js';
export { SEARCH_PATH } from './find-file.js';
export type { ConfigFiles } from './find-file.js';

// For those who describe the configuration (documentation, JSON Schema):
export { configJsonSchema } from './json-schema.js';
export { describeKeys } from './describe-keys.js';
export type { KeyDescription } from './describe-keys.js';
