import type { ClientSessionOptions, SecureClientSessionOptions } from 'node:http2';
import { connect } from 'node:net';
import { ClientError } from './client-error.js';
import { SOCKET_PATH_BYTES_MAX } from './limits.js';

/** Where the service is. TCP without TLS has to be asked for by name: it is for tests and loopback. */
export type PersistTarget =
  | { readonly socketPath: string }
  | { readonly address: string; readonly tls: ClientTls }
  | { readonly address: string; readonly insecure: true };

/** PEM texts. `cert` and `key` are needed where the service demands a client certificate, its default. */
export interface ClientTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** The name that the service's certificate must have. Default: the host of the address. */
  readonly serverName?: string | undefined;
}

/** What opens connections to a target, and how messages call it. */
export interface Endpoint {
  readonly name: string;
  readonly baseUrl: string;
  readonly sessionOptions: ClientSessionOptions | SecureClientSessionOptions;
}

const ADDRESS = /^(\[[0-9A-Fa-f:.]+\]|[^\s:/@[\]]+):(\d{1,5})$/;

/** Throws INVALID_ARGUMENT for a target that can never be reached. */
export function endpointOf(target: PersistTarget): Endpoint {
  if ('socketPath' in target) return socketEndpoint(target.socketPath);
  const port = ADDRESS.exec(target.address)?.[2];
  if (port === undefined || Number(port) > 65_535) {
    throw new ClientError(
      'INVALID_ARGUMENT',
      `address is ${JSON.stringify(target.address)}; expected host:port, for example persist.example.org:50052`,
    );
  }
  if ('insecure' in target) {
    return { name: target.address, baseUrl: `http://${target.address}`, sessionOptions: {} };
  }
  const { serverName, ...pem } = target.tls;
  return {
    name: target.address,
    baseUrl: `https://${target.address}`,
    sessionOptions: { ...pem, ...(serverName && { servername: serverName }), minVersion: 'TLSv1.2' },
  };
}

function socketEndpoint(path: string): Endpoint {
  const length = Buffer.byteLength(path);
  if (length === 0 || length > SOCKET_PATH_BYTES_MAX) {
    throw new ClientError(
      'INVALID_ARGUMENT',
      `socket path ${JSON.stringify(path)} has ${length} bytes; expected 1 to ${SOCKET_PATH_BYTES_MAX}, the most that the system allows; name a shorter path`,
    );
  }
  return {
    name: path,
    baseUrl: 'http://localhost',
    sessionOptions: { createConnection: () => connect(path) },
  };
}
