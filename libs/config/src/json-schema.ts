import * as z from 'zod';
import { configSchema } from './config-schema.js';
import { SYSTEM_BASE_DIR } from './default-places.js';
import { FILE_MODE } from './fields.js';
import { NESTED_ROOTS, PRODUCER_KEYS, SHARED_SERVER_KEYS } from './file-layout.js';
import { isSection } from './known-keys.js';
import { socketPathBytesMax } from './limits.js';
import { DAEMON_STATE_KEYS } from './unknown-keys.js';

export type JsonSchema = Record<string, unknown>;

/** The nested form as zod tells it, with the `kind` and `unit` of each key. */
export function keysJsonSchema(
  baseDir: string,
  override?: (context: { readonly jsonSchema: JsonSchema; readonly path: (string | number)[] }) => void,
): JsonSchema {
  const persistSocket = `${baseDir}/run/persist-ipc.sock`;
  const schema = configSchema({
    baseDir,
    folder: '/',
    hostName: '',
    persistSocket,
    producerSocket: persistSocket,
    socketBytesMax: socketPathBytesMax('linux'),
  });
  return z.toJSONSchema(schema, { io: 'input', ...(override && { override }) });
}

/**
 * The JSON Schema (draft 2020-12) of a configuration file, for editors. Unknown keys are errors below `persist`, `state`
 * and `ipc`, where the services only warn. Defaults below base_dir are those of the default base_dir.
 */
export function configJsonSchema(): JsonSchema {
  const { server, persist, state, ipc, logging, security } = propertiesOf(
    withEmptyKeys(keysJsonSchema(SYSTEM_BASE_DIR, forEditors)),
  );
  // The daemon has keys of its own in these.
  for (const section of [server, logging, security]) delete section.additionalProperties;
  const daemonKeys = Object.fromEntries(DAEMON_STATE_KEYS.map((key) => [key, {}]));
  const stateWithDaemonKeys = { ...state, properties: { ...propertiesOf(state), ...daemonKeys } };
  const nested = { server, persist, state: stateWithDaemonKeys, ipc, logging, security };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'joblet-config.yml',
    description: 'Configuration of the Joblet services, shared with the Joblet daemon.',
    type: ['object', 'null'],
    if: {
      type: 'object',
      anyOf: NESTED_ROOTS.map((name) => ({ required: [name], properties: { [name]: {} } })),
    },
    then: { $ref: '#/$defs/nested' },
    else: { $ref: '#/$defs/standalone' },
    $defs: {
      ...nested,
      nested: { type: ['object', 'null'], properties: referencesTo('', Object.keys(nested)) },
      standalone: standaloneOf(nested),
    },
  };
}

/** The persist section itself as a file. */
function standaloneOf({ server, persist, ipc }: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const parts = propertiesOf(persist);
  const mixed = (
    part: string,
    other: JsonSchema,
    otherName: string,
    keys: readonly string[],
  ): JsonSchema => ({
    ...parts[part],
    properties: {
      ...referencesTo(
        `${otherName}/properties/`,
        keys.filter((key) => key in propertiesOf(other)),
      ),
      ...referencesTo(`persist/properties/${part}/properties/`, Object.keys(propertiesOf(parts[part]))),
    },
  });
  return {
    type: ['object', 'null'],
    properties: {
      version: {},
      ...referencesTo('persist/properties/', Object.keys(parts)),
      server: mixed('server', server, 'server', SHARED_SERVER_KEYS),
      ipc: mixed('ipc', ipc, 'ipc', PRODUCER_KEYS),
      ...referencesTo('', ['logging', 'security']),
    },
    patternProperties: { '^x-': {} },
    additionalProperties: false,
  };
}

function referencesTo(prefix: string, names: readonly string[]): Record<string, JsonSchema> {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/$defs/${prefix}${name}` }]));
}

/** What zod cannot tell, in place. */
function forEditors({
  jsonSchema,
  path,
}: {
  readonly jsonSchema: JsonSchema;
  readonly path: (string | number)[];
}): void {
  const { kind, unit, description } = jsonSchema;
  delete jsonSchema.kind;
  delete jsonSchema.unit;
  if (typeof unit === 'string' && unit !== '') jsonSchema.description = `${description} Unit: ${unit}.`;
  // The host's name is not the same for everybody.
  if (path[path.length - 1] === 'nodeId') delete jsonSchema.default;
  if (kind === FILE_MODE) {
    const { type, pattern } = jsonSchema;
    delete jsonSchema.type;
    delete jsonSchema.pattern;
    jsonSchema.anyOf = [{ type, pattern }, { type: 'integer' }];
  }
  if (jsonSchema.type !== 'object') return;
  // A section with nothing in it counts as absent.
  jsonSchema.type = ['object', 'null'];
  delete jsonSchema.required;
  delete jsonSchema.propertyNames;
  if (jsonSchema.properties !== undefined) jsonSchema.additionalProperties = false;
}

/** The section, and those in it, with null for every key: `key:` counts as absent. */
function withEmptyKeys(schema: JsonSchema): JsonSchema {
  const { properties, type, enum: values, anyOf } = schema;
  return {
    ...schema,
    ...(type !== undefined && { type: [...new Set([type, 'null'].flat())] }),
    ...(Array.isArray(anyOf) && { anyOf: [...anyOf, { type: 'null' }] }),
    ...(Array.isArray(values) && { enum: [...values, null] }),
    ...(isSection(properties) && {
      properties: Object.fromEntries(
        Object.entries(propertiesOf(schema)).map(([key, child]) => [key, withEmptyKeys(child)]),
      ),
    }),
  };
}

/** A section's keys. */
export function propertiesOf(schema: JsonSchema): Record<string, JsonSchema> {
  const { properties } = schema;
  if (!isSection(properties)) return {};
  return Object.fromEntries(
    Object.entries(properties).filter((entry): entry is [string, JsonSchema] => isSection(entry[1])),
  );
}
