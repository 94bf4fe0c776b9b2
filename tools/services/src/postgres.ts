import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { appendFile, chown, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeCertificate, type Certificate } from './certificate.js';
import { findProgram } from './find-program.js';
import { firstBytes } from './probe.js';
import { Server, startServer, type Started } from './server.js';
import type { Owner, Supervised } from './supervised.js';

export interface PostgresOptions {
  /** Of the user `joblet`, a superuser. Default: joblet. */
  readonly password?: string;
  /** Default false. True: also takes TLS, with a certificate for 127.0.0.1 and localhost; needs openssl. */
  readonly tls?: boolean;
  /** More settings of postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
}

export class PostgresServer extends Server {
  /** `postgres://joblet:password@127.0.0.1:port/postgres`. */
  readonly url: string;
  /** With tls: what to trust, in PEM. */
  readonly ca: string | undefined;

  constructor(started: Started, password: string, ca: string | undefined) {
    super(started);
    this.url = `postgres://${USER}:${encodeURIComponent(password)}@${this.host}:${this.port}/postgres`;
    this.ca = ca;
  }
}

const USER = 'joblet';
/** Where Debian has each version's programs, which are not in PATH. */
const DEBIAN_FOLDER = '/usr/lib/postgresql';
/** Its messages decide about a second try: in English. */
const ENV = { LC_ALL: 'C' };
/** The first byte of an answer to a startup message: the server asks who we are. */
const AUTHENTICATION = 0x52;

/** The folder with postgres and initdb, of the newest version. */
export function findPostgres(): string | undefined {
  const versions = existsSync(DEBIAN_FOLDER) ? readdirSync(DEBIAN_FOLDER) : [];
  const folders = versions
    .sort((one, other) => Number(other) - Number(one))
    .map((version) => join(DEBIAN_FOLDER, version, 'bin'));
  const initdb = findProgram('initdb', folders);
  // initdb starts the postgres beside it, also when it was found as a link.
  const folder = initdb && dirname(realpathSync(initdb));
  return folder && existsSync(join(folder, 'postgres')) ? folder : undefined;
}

export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const programs = findPostgres();
  if (programs === undefined)
    throw new Error(`expected initdb and postgres in ${DEBIAN_FOLDER}/*/bin or a folder of PATH, found none`);
  const { password = USER } = options;
  const owner = process.getuid?.() === 0 ? unprivileged() : undefined;
  let certificate: Certificate | undefined;
  const started = await startServer({
    name: 'postgres',
    async prepare(supervised) {
      if (owner) await chown(supervised.folder, owner.uid, owner.gid);
      await makeCluster(supervised, join(programs, 'initdb'), password, owner);
      if (options.tls) certificate = await makeCertificate(supervised, owner);
      const file = join(supervised.folder, 'data', 'postgresql.conf');
      await appendFile(file, configuration(options, certificate));
    },
    command: (port, folder) => ({
      command: join(programs, 'postgres'),
      args: ['-D', join(folder, 'data'), '-p', String(port)],
      env: ENV,
      owner,
    }),
    answers: async (port) => (await firstBytes(port, startupMessage()))[0] === AUTHENTICATION,
  });
  return new PostgresServer(started, password, certificate?.ca);
}

async function makeCluster(
  supervised: Supervised,
  initdb: string,
  password: string,
  owner: Owner | undefined,
): Promise<void> {
  const file = join(supervised.folder, 'password');
  await writeFile(file, password, { mode: 0o600 });
  if (owner) await chown(file, owner.uid, owner.gid);
  const login = ['--username', USER, '--pwfile', file, '--auth', 'scram-sha-256'];
  const text = ['--encoding', 'UTF8', '--locale', 'C'];
  const data = ['--pgdata', join(supervised.folder, 'data'), '--no-sync'];
  await supervised.run({ command: initdb, args: [...data, ...login, ...text], env: ENV, owner });
}

function configuration({ settings }: PostgresOptions, tls?: Certificate): string {
  const lines = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    ...(tls && { ssl: 'on', ssl_cert_file: tls.certFile, ssl_key_file: tls.keyFile }),
    ...settings,
  };
  return Object.entries(lines)
    .map(([key, value]) => `${key} = '${value.replaceAll("'", "''")}'\n`)
    .join('');
}

/** PostgreSQL refuses to run as root: its own user if there is one, else the one who owns nothing. */
function unprivileged(): Owner {
  return idsOf('postgres') ?? idsOf('nobody') ?? { uid: 65_534, gid: 65_534 };
}

function idsOf(user: string): Owner | undefined {
  const [uid, gid] = ['-u', '-g'].map((flag) => spawnSync('id', [flag, user], { encoding: 'utf8' }));
  return uid.status === 0 ? { uid: Number(uid.stdout), gid: Number(gid.stdout) } : undefined;
}

/** Version 3.0 of its protocol: a length of 4 bytes, the version, pairs that end with zero bytes. */
function startupMessage(): Buffer {
  const pairs = Buffer.from(`user\0${USER}\0database\0postgres\0\0`);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(head.length + pairs.length, 0);
  head.writeUInt32BE(0x0003_0000, 4);
  return Buffer.concat([head, pairs]);
}
