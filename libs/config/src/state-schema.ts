import { join } from 'node:path';
import { STATE_BACKENDS } from './backend-names.js';
import {
  awsRegion,
  backendName,
  choice,
  fileMode,
  flag,
  httpUrl,
  listenAddress,
  openSection,
  optionalTextOf,
  path,
  pathOr,
  section,
  socketPath,
  text,
  textOf,
  wholeNumber,
} from './fields.js';
import * as limits from './limits.js';
import type { Places } from './places.js';

/** The section `state`. */
export function stateSchema(places: Places) {
  const { baseDir, folder, socketBytesMax } = places;
  const socket = join(baseDir, 'run/state-ipc.sock');
  return section('The service that keeps the state of jobs.', {
    backend: backendName('memory', STATE_BACKENDS, 'Where jobs are kept.'),
    socket: socketPath(folder, socketBytesMax, socket, 'Unix socket of the state service.'),
    socket_mode: fileMode('0600', 'Who may use the socket. A bare 0600 is read as octal here.'),
    max_message_size: wholeNumber(10_485_760, limits.MESSAGE_BYTES, 'Longest request.', 'bytes'),
    max_response_size: wholeNumber(
      10_485_760,
      limits.RESPONSE_BYTES,
      'Longest answer to a list without limit; 0: no limit. The Go client reads 10 MiB at most.',
      'bytes',
    ),
    upsert_updates: flag(true, 'Whether an update of an unknown job creates it.'),
    store_secrets: choice(
      ['encrypted', 'plain', 'omit'],
      "Jobs' secret environment; without a key, `encrypted` leaves it out.",
    ),
    secret_key_file: pathOr([''], folder, '', 'File with the key; "": JOBLET_STATE_KEY of the environment.'),
    storage: storageSchema(places),
    monitoring: section('What monitoring asks.', {
      prometheus: listenAddress('127.0.0.1:9094', 'Address of /metrics; "": off.'),
      health: listenAddress('127.0.0.1:9095', 'Address of /health; "": off.'),
    }),
  });
}

function storageSchema({ baseDir, folder }: Places) {
  const ttlDays = wholeNumber(
    30,
    limits.RETENTION_DAYS,
    'How long ended jobs are kept; 0: for ever.',
    'days',
  );
  return section("The backends' own settings.", {
    dynamodb: section('Amazon DynamoDB. Credentials come from the AWS default chain.', {
      region: awsRegion('AWS region; "": asked from EC2, then AWS_REGION, then us-east-1.'),
      table_name: textOf(
        'joblet-jobs',
        /^[A-Za-z0-9_.-]{3,255}$/,
        'a table name: 3 to 255 letters, digits and _ . -',
        'The table.',
      ),
      ttl_enabled: flag(true, 'Whether ended jobs expire.'),
      ttl_attribute: textOf(
        'expiresAt',
        /^.{1,255}$/,
        'text of 1 to 255 characters',
        'Attribute with the time of expiry, Unix seconds.',
      ),
      ttl_days: ttlDays,
      read_capacity: wholeNumber(0, limits.DYNAMODB_CAPACITY, 'For `create_table`; 0: on demand.', 'units'),
      write_capacity: wholeNumber(0, limits.DYNAMODB_CAPACITY, 'For `create_table`; 0: on demand.', 'units'),
      endpoint: httpUrl('A local emulator; "": Amazon.'),
      create_table: flag(false, 'Creates table, TTL and index when they are not there.'),
      use_index: flag(false, "Lists by the index: quicker, a moment late, blind to the Go service's items."),
    }),
    redis: section('Redis.', {
      endpoint: text('', 'host:port, or a redis:// or rediss:// URL; required for this backend.'),
      password: text('', 'Password; "": none.'),
      db: wholeNumber(0, limits.REDIS_DB, 'Number of the database.'),
      tls: flag(false, 'Whether the connection is encrypted.'),
      ttl_days: ttlDays,
    }),
    postgres: section('PostgreSQL.', {
      url: optionalTextOf(
        /postgres(?:ql)?:\/\/.+/,
        'a URL that begins with postgres:// or postgresql://',
        'Connection URL; required for this backend.',
      ),
    }),
    local: section('An embedded store.', {
      directory: path(folder, join(baseDir, 'state'), 'Its folder.'),
    }),
    options: openSection('Options of a module, checked by the module.'),
  });
}
