import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { get } from 'node:http';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from './find-program.js';
import { PROBE_TIMEOUT_MS } from './limits.js';
import { Server, startServer, type Started } from './server.js';

export interface DynamoDbLocalOptions {
  /** Default false: tables are on disk, and a kill loses nothing. */
  readonly inMemory?: boolean;
}

/** Amazon's DynamoDB Local. It listens on every address, whatever one asks for. */
export class DynamoDbLocalServer extends Server {
  readonly endpoint: string;
  readonly region = 'us-east-1';
  /** It takes any; all see the same tables. */
  readonly credentials = { accessKeyId: 'local', secretAccessKey: 'local' };

  constructor(started: Started) {
    super(started);
    this.endpoint = `http://${this.host}:${this.port}`;
  }
}

export interface DynamoDbLocalPrograms {
  readonly java: string;
  /** Its jars and native libraries, as install.sh leaves them. */
  readonly folder: string;
}

/** Half the processor time until it answers; it matters more for tests than what a long run would gain. */
const QUICK_START = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];
const MAIN_CLASS = 'com.amazonaws.services.dynamodbv2.local.main.ServerRunner';

export function findDynamoDbLocal(): DynamoDbLocalPrograms | undefined {
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const folder = join(cache, 'joblet-services', 'dynamodb-local');
  const java = findProgram('java');
  const there = existsSync(folder) && readdirSync(folder).some((name) => /^DynamoDBLocal.*\.jar$/.test(name));
  return java !== undefined && there ? { java, folder } : undefined;
}

export async function startDynamoDbLocal(options: DynamoDbLocalOptions = {}): Promise<DynamoDbLocalServer> {
  const programs = findDynamoDbLocal();
  if (programs === undefined)
    throw new Error('expected java and DynamoDB Local, which tools/services/install.sh installs, found none');
  const { java, folder: jars } = programs;
  const started = await startServer({
    name: 'dynamodb-local',
    prepare: async ({ folder }) => void (await mkdir(join(folder, 'data'))),
    command: (port, folder) => ({
      command: java,
      args: [
        ...QUICK_START,
        `-Djava.library.path=${jars}`,
        ...['-cp', join(jars, '*'), MAIN_CLASS],
        ...['-port', String(port), '-sharedDb', '-disableTelemetry'],
        ...(options.inMemory ? ['-inMemory'] : ['-dbPath', join(folder, 'data')]),
      ],
      env: { DDB_LOCAL_TELEMETRY: '0' },
    }),
    answers,
  });
  return new DynamoDbLocalServer(started);
}

/** Any HTTP response is one: without a request of DynamoDB's it is an error. */
async function answers(port: number): Promise<boolean> {
  const request = get({ port, host: '127.0.0.1', agent: false, timeout: PROBE_TIMEOUT_MS });
  request.on('timeout', () => request.destroy(new Error('no answer')));
  const [response] = await once(request, 'response');
  response.resume();
  return true;
}
