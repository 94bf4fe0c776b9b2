import { join } from 'node:path';
import * as z from 'zod';
import {
  boundedInt,
  choice,
  duration,
  flag,
  path,
  pathOr,
  section,
  SECTION,
  socketPath,
  text,
  wholeNumber,
} from './fields.js';
import * as limits from './limits.js';
import { persistSchema } from './persist-schema.js';
import type { Places } from './places.js';
import { stateSchema } from './state-schema.js';

const recent = new Map<string, ReturnType<typeof makeSchema>>();

/**
 * The whole file in its nested form. Other root sections are the daemon's own and left out of the result. To make it
 * takes most of the time of reading a configuration: the latest two, for reading and for writing, are kept.
 */
export function configSchema(places: Places) {
  const key = JSON.stringify(places);
  const schema = recent.get(key) ?? makeSchema(places);
  recent.delete(key);
  recent.set(key, schema);
  if (recent.size > 2) recent.delete([...recent.keys()][0]);
  return schema;
}

function makeSchema(places: Places) {
  return z.object(
    {
      server: serverSchema(places),
      persist: persistSchema(places),
      state: stateSchema(places),
      ipc: producerSchema(places),
      logging: loggingSchema(places),
      security: securitySchema(),
    },
    SECTION,
  );
}

/** Keys are spelled as in the file; paths are absolute, durations are milliseconds, every default is there. */
export type JobletConfig = z.output<ReturnType<typeof configSchema>>;

function serverSchema({ hostName }: Places) {
  return section("This machine; the other keys are the daemon's.", {
    nodeId: z
      .string('text')
      .overwrite((value) => (value === '' ? hostName : value))
      .prefault(hostName)
      .describe('Name of this machine; absent or "": the host name. Required for cloudwatch and s3.'),
    address: z.string('text').optional().describe("The daemon's address."),
    port: boundedInt(limits.PORT).optional().describe("The daemon's port."),
  });
}

function producerSchema({ baseDir, folder, socketBytesMax, producerSocket }: Places) {
  return section('What sends to persist: the daemon, `rnx job run`.', {
    enabled: flag(true, 'Whether output and metrics are sent to persist.'),
    socket: socketPath(
      folder,
      socketBytesMax,
      producerSocket,
      "Unix socket of persist; absent: persist's own.",
    ),
    buffer_size: wholeNumber(10_000, limits.PRODUCER_ROWS, 'Rows that wait while persist is away.', 'rows'),
    reconnect_delay: duration('5s', limits.RECONNECT_DELAY_MS, 'Longest pause between two attempts.'),
    max_reconnects: wholeNumber(0, limits.RECONNECTS, 'Attempts before giving up; 0: no limit.'),
    protocol: choice(['auto', 'v1', 'v2'], 'v2 has acknowledgements; auto falls back to v1.'),
    when_full: choice(['block', 'drop-newest', 'spill'], 'What happens to a row when the buffer is full.'),
    spool_dir: path(folder, join(baseDir, 'spool'), 'Where `when_full: spill` keeps rows.'),
  });
}

export const LOG_LEVELS = ['DEBUG', 'INFO', 'WARN', 'ERROR'] as const;

function loggingSchema({ folder }: Places) {
  const allowed = `one of ${LOG_LEVELS.join(', ')}`;
  const inAnyCase = LOG_LEVELS.map((level) =>
    level.replaceAll(/[A-Z]/g, (letter) => `[${letter}${letter.toLowerCase()}]`),
  );
  return section('The log of the services.', {
    level: z
      .string(allowed)
      .regex(new RegExp(`^(?:${inAnyCase.join('|')})$`), allowed)
      .toUpperCase()
      .pipe(z.enum(LOG_LEVELS))
      .prefault('INFO')
      .meta({
        description: 'Least important level that is logged.',
        kind: `${LOG_LEVELS.join(', ')}, in any case`,
      }),
    format: choice(['text', 'json'], 'Form of a log line.'),
    output: pathOr(['stdout', 'stderr'], folder, 'stdout', 'Where the log goes.'),
  });
}

function securitySchema() {
  const pem = (about: string) => text('', `${about}, PEM text.`);
  return section('Certificates inside the file.', {
    serverCert: pem("The server's certificate"),
    serverKey: pem("The server's private key"),
    caCert: pem("What clients' certificates are checked against"),
  });
}
