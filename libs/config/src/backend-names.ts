/** What `persist.storage.type` names besides modules; `multi` is several of the others. */
export const STORAGE_TYPES = ['local', 'cloudwatch', 's3', 'elasticsearch', 'multi'] as const;

/** What `state.backend` names besides modules. */
export const STATE_BACKENDS = ['memory', 'local', 'dynamodb', 'redis', 'postgres'] as const;
