import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { IMDS_TOKEN_TTL_MAX_SECONDS } from './limits.js';

/**
 * What a fake of EC2's instance metadata service does: `v2` asks for a token, as instances do now (401 without);
 * `v1` knows no tokens (404) and answers without; `hangs` takes connections and never answers; `not-found` is some
 * other server, 404 for everything.
 */
export type ImdsMode = 'v2' | 'v1' | 'hangs' | 'not-found';

export interface ImdsOptions {
  /** Default: eu-central-1. */
  readonly region?: string;
  /** Default: v2. */
  readonly mode?: ImdsMode;
  /** Of the instance's role. Default: it has none (404). */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Unix time in milliseconds, for the life of tokens. Default: Date.now. */
  readonly now?: () => number;
}

export interface Imds {
  readonly port: number;
  /** For AWS_EC2_METADATA_SERVICE_ENDPOINT. */
  readonly endpoint: string;
  /** How it answers from now on. */
  mode: ImdsMode;
  /** `METHOD /path` of each request since the start. */
  readonly requests: readonly string[];
  /** Cuts all connections; from now on they are refused. */
  kill(): Promise<void>;
  /** At the same port; tokens of before are good. */
  restart(): Promise<void>;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const HOST = '127.0.0.1';
const TOKEN_PATH = '/latest/api/token';
const ROLE_PATH = '/latest/meta-data/iam/security-credentials/';
const TOKEN_HEADER = 'x-aws-ec2-metadata-token';
const TTL_HEADER = 'x-aws-ec2-metadata-token-ttl-seconds';
const ROLE = 'joblet-test';
const MS_PER_SECOND = 1000;

/** In this process: it needs nothing installed. */
export async function startImds(options: ImdsOptions = {}): Promise<Imds> {
  const { region = 'eu-central-1', mode = 'v2', credentials, now = Date.now } = options;
  const pages = pagesOf(region, credentials);
  const expiries = new Map<string, number>();
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (imds.mode === 'hangs') return;
    if (imds.mode === 'v2' && request.url === TOKEN_PATH) giveToken(request, response);
    else if (imds.mode === 'v2' && !isGood(request.headers[TOKEN_HEADER])) response.writeHead(401).end();
    else givePage(request, response);
  });

  function giveToken({ method, headers }: IncomingMessage, response: ServerResponse): void {
    const seconds = Number(headers[TTL_HEADER]);
    if (method !== 'PUT') return void response.writeHead(405).end();
    if (!(Number.isInteger(seconds) && seconds >= 1 && seconds <= IMDS_TOKEN_TTL_MAX_SECONDS))
      return void response.writeHead(400).end();
    const token = randomBytes(32).toString('base64');
    expiries.set(token, now() + seconds * MS_PER_SECOND);
    response.writeHead(200, { 'content-type': 'text/plain', [TTL_HEADER]: String(seconds) }).end(token);
  }

  function isGood(token: string | string[] | undefined): boolean {
    return typeof token === 'string' && now() < (expiries.get(token) ?? 0);
  }

  function givePage({ method, url = '' }: IncomingMessage, response: ServerResponse): void {
    const page = imds.mode !== 'not-found' && method === 'GET' ? pages.get(url) : undefined;
    if (page === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': 'text/plain' }).end(page);
  }

  async function kill(): Promise<void> {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  async function listen(port: number): Promise<number> {
    server.listen(port, HOST);
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  const port = await listen(0);
  const imds: Imds = {
    port,
    endpoint: `http://${HOST}:${port}`,
    mode,
    requests,
    kill,
    async restart() {
      await kill();
      await listen(port);
    },
    stop: kill,
    [Symbol.asyncDispose]: kill,
  };
  return imds;
}

/** The paths that clients ask for a region or credentials. */
function pagesOf(region: string, credentials: ImdsOptions['credentials']): Map<string, string> {
  const identity = {
    accountId: '123456789012',
    architecture: 'x86_64',
    availabilityZone: `${region}a`,
    imageId: 'ami-0123456789abcdef0',
    instanceId: 'i-0123456789abcdef0',
    instanceType: 't3.micro',
    region,
    version: '2017-09-30',
  };
  const pages = new Map([
    ['/latest/dynamic/instance-identity/document', JSON.stringify(identity, undefined, 2)],
    ['/latest/meta-data/placement/region', region],
    ['/latest/meta-data/placement/availability-zone', identity.availabilityZone],
  ]);
  if (credentials) {
    const answer = {
      Code: 'Success',
      Type: 'AWS-HMAC',
      AccessKeyId: credentials.accessKeyId,
      SecretAccessKey: credentials.secretAccessKey,
      Token: 'token-of-the-session',
      LastUpdated: '2025-11-20T00:00:00Z',
      Expiration: '2099-01-01T00:00:00Z',
    };
    pages.set(ROLE_PATH, ROLE).set(`${ROLE_PATH}${ROLE}`, JSON.stringify(answer));
  }
  return pages;
}
