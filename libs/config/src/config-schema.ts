import { join } from 'node:path';
import * as z from 'zod';
import {
  boundedInt,
  choice,
  duration,
  flag,
  openSection,
  path,
  pathOr,
  SECTION,
  socketPath,
  text,
  wholeNumber,
} from './fields.js';
import * as limits from './limits.js';
import { persistSchema } from './persist-schema.js';
import type { Places } from './places.js';

/** The whole file in its nested form. Other root sections are the daemon's own and left out of the result. */
export function configSchema(places: Places) {
  return z.object(
    {
      server: serverSchema(places),
      persist: persistSchema(places),
      state: openSection('The state service.'),
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
  return z
    .object(
      {
        nodeId: z
          .string('text')
          .overwrite((value) => (value === '' ? hostName : value))
          .prefault(hostName)
          .describe('Name of this machine; absent or "": the host name.'),
        address: z.string('text').optional().describe("The daemon's address."),
        port: boundedInt(limits.PORT).optional().describe("The daemon's port."),
      },
      SECTION,
    )
    .prefault({});
}

function producerSchema({ baseDir, folder, socketBytesMax, ipcSocket }: Places) {
  return z
    .object(
      {
        enabled: flag(true, 'Whether output and metrics are sent to persist.'),
        socket: socketPath(
          folder,
          socketBytesMax,
          ipcSocket,
          "Unix socket of persist; default: persist's own.",
        ),
        buffer_size: wholeNumber(10_000, limits.PRODUCER_ROWS, 'Rows that wait while persist is away.'),
        reconnect_delay: duration('5s', limits.RECONNECT_DELAY_MS, 'Longest pause between two attempts.'),
        max_reconnects: wholeNumber(0, limits.RECONNECTS, 'Attempts before giving up; 0: no limit.'),
        protocol: choice(['auto', 'v1', 'v2'], 'v2 has acknowledgements; auto falls back to v1.'),
        when_full: choice(
          ['block', 'drop-newest', 'spill'],
          'What happens to a row when the buffer is full.',
        ),
        spool_dir: path(folder, join(baseDir, 'spool'), 'Where `when_full: spill` keeps rows.'),
      },
      SECTION,
    )
    .prefault({});
}

export const LOG_LEVELS = ['DEBUG', 'INFO', 'WARN', 'ERROR'] as const;

function loggingSchema({ folder }: Places) {
  const allowed = `one of ${LOG_LEVELS.join(', ')}`;
  return z
    .object(
      {
        level: z
          .string(allowed)
          .regex(new RegExp(`^(?:${LOG_LEVELS.join('|')})$`, 'i'), allowed)
          .toUpperCase()
          .pipe(z.enum(LOG_LEVELS))
          .prefault('INFO')
          .describe('Least important level that is logged: DEBUG, INFO, WARN or ERROR, in any case.'),
        format: choice(['text', 'json'], 'Form of a log line.'),
        output: pathOr(['stdout', 'stderr'], folder, 'stdout', 'stdout, stderr or the path of a file.'),
      },
      SECTION,
    )
    .prefault({});
}

function securitySchema() {
  return z
    .object(
      {
        serverCert: text('', "The server's certificate, PEM text."),
        serverKey: text('', "The server's private key, PEM text."),
        caCert: text('', "What clients' certificates are checked against, PEM text."),
      },
      SECTION,
    )
    .prefault({});
}
