import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeCertificate, type Certificate } from './certificate.js';
import { findProgram } from './find-program.js';
import { firstBytes } from './probe.js';
import { Server, startServer, type Started } from './server.js';

export interface RedisOptions {
  /** Default true: each command is in the append-only file, and synced, before its answer. False: RAM only. */
  readonly appendOnly?: boolean;
  /** Of the default user. Default: none is asked for. */
  readonly password?: string;
  /** Default false. True: TLS and nothing else, with a certificate for 127.0.0.1 and localhost; needs openssl. */
  readonly tls?: boolean;
  /** More lines of redis.conf. */
  readonly settings?: Readonly<Record<string, string>>;
}

export class RedisServer extends Server {
  /** `redis://:password@127.0.0.1:port`, or `rediss:`. */
  readonly url: string;
  /** With tls: what to trust, in PEM. */
  readonly ca: string | undefined;

  constructor(started: Started, password: string | undefined, ca: string | undefined) {
    super(started);
    const login = password === undefined ? '' : `:${encodeURIComponent(password)}@`;
    this.url = `${ca === undefined ? 'redis' : 'rediss'}://${login}${this.host}:${this.port}`;
    this.ca = ca;
  }
}

/** The path of redis-server. */
export function findRedis(): string | undefined {
  return findProgram('redis-server');
}

export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const command = findRedis();
  if (command === undefined) throw new Error('expected redis-server in a folder of PATH, found none');
  const { password } = options;
  let certificate: Certificate | undefined;
  const started = await startServer({
    name: 'redis',
    async prepare(supervised) {
      if (options.tls) certificate = await makeCertificate(supervised);
      const file = join(supervised.folder, 'redis.conf');
      await writeFile(file, configuration(options, certificate), { mode: 0o600 });
    },
    command: (port, folder) => ({
      command,
      args: [join(folder, 'redis.conf'), certificate ? '--tls-port' : '--port', String(port)],
    }),
    answers: async (port) => {
      const login = password === undefined ? '' : request('AUTH', password);
      const answer = await firstBytes(port, `${login}${request('PING')}`, certificate);
      return answer.includes('+PONG');
    },
  });
  return new RedisServer(started, password, certificate?.ca);
}

function configuration({ appendOnly = true, password, settings }: RedisOptions, tls?: Certificate): string {
  const lines = {
    bind: '127.0.0.1',
    appendonly: appendOnly ? 'yes' : 'no',
    appendfsync: 'always',
    // No snapshots: what is not in the append-only file is lost by a kill.
    save: '',
    ...(password !== undefined && { requirepass: password }),
    ...(tls && {
      port: '0',
      'tls-cert-file': tls.certFile,
      'tls-key-file': tls.keyFile,
      'tls-auth-clients': 'no',
      'tls-ca-cert-file': tls.certFile,
    }),
    ...settings,
  };
  return Object.entries(lines)
    .map(([key, value]) => `${key} ${JSON.stringify(value)}\n`)
    .join('');
}

/** A command as Redis' protocol has it. */
function request(...words: string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
}
