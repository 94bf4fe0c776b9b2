export { loadConfig } from './load-config.js';
export type { ConfigWarning, LoadedConfig, LoadOptions } from './load-config.js';
export type { JobletConfig } from './config-schema.js';
export { ConfigError, EXIT_CONFIG } from './config-error.js';
export type { ConfigProblem, Position } from './config-error.js';
export { notBuilt } from './not-built.js';
export type { NotBuilt } from './not-built.js';
export { effectiveConfig } from './effective-config.js';
export { SEARCH_PATH } from './find-file.js';
export type { ConfigFiles } from './find-file.js';

// For those who describe the configuration (documentation, JSON Schema):
export { configSchema } from './config-schema.js';
export type { Places } from './places.js';
