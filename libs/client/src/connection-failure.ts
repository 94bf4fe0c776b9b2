import { lstatSync } from 'node:fs';
import type { ClientErrorCode } from './client-error.js';

/** What a call that got no answer ends with. */
export type Failure = readonly [code: ClientErrorCode, message: string];

type Explain = (target: string, reason?: string) => Failure;

/** In words, for what the system, TLS or HTTP/2 said; undefined for a code that nobody has met yet. */
export function connectionFailure(
  systemCode: string | undefined,
  target: string,
  reason: string,
): Failure | undefined {
  if (systemCode === undefined) return undefined;
  // OpenSSL has a code for each way in which a text cannot be read.
  const explain = EXPLAINED.get(systemCode) ?? (systemCode.startsWith('ERR_OSSL_') ? badPem : undefined);
  return explain?.(target, reason);
}

const noSocket: Explain = (target) => [
  'UNAVAILABLE',
  `persist is not running: no socket at ${target}; start it (joblet-persist), wait if it is just starting, or name another socket`,
];

const noPermission: Explain = (target) => [
  'PERMISSION_DENIED',
  `no permission to use ${target}; become the user who runs persist`,
];

const noHost: Explain = (target) => [
  'UNAVAILABLE',
  `the host of ${target} cannot be found; check the address`,
];

/** A file that is no socket refuses connections as a socket does that nobody listens on. */
const refused: Explain = (target) =>
  isNoSocket(target)
    ? ['UNAVAILABLE', `${target} is no socket; name the query socket, persist.server.grpc_socket`]
    : ['UNAVAILABLE', `persist is not running: nobody listens at ${target}; start it (joblet-persist)`];

const noRoute: Explain = (target) => [
  'UNAVAILABLE',
  `${target} cannot be reached; check the address, the network and the firewall`,
];

/** The other side closed it before it answered. */
export const brokenOff: Explain = (target) => [
  'UNAVAILABLE',
  `persist at ${target} ended the connection: it is stopping, refuses this client, or this is not its query socket or address (persist.server.grpc_socket, grpc_address); try again, or name the right one`,
];

export const foreign: Explain = (target) => [
  'UNAVAILABLE',
  `${target} does not speak persist's protocol (gRPC): another service is there; check the address`,
];

const noTls: Explain = (target) => [
  'UNAVAILABLE',
  `${target} does not speak TLS: this is not persist's grpc_address; check the address`,
];

const untrusted: Explain = (target, reason = '') => [
  'UNAVAILABLE',
  `the certificate of ${target} is not from the given ca (${reason}); use the ca that signed it`,
];

const outdated: Explain = (target, reason = '') => [
  'UNAVAILABLE',
  `the certificate of ${target} is not valid now (${reason}); renew it, or set the clocks`,
];

const otherName: Explain = (target, reason = '') => [
  'UNAVAILABLE',
  `the certificate of ${target} is for another name (${reason.replace(/^.*altnames: /, '')}); check the address, or give its name as serverName`,
];

const badPem: Explain = (target, reason = '') => [
  'INVALID_ARGUMENT',
  `cert or key for ${target} is no PEM text that can be read (${reason.replace(/^error:\w+:/, '')})`,
];

const otherKey: Explain = (target) => [
  'INVALID_ARGUMENT',
  `cert and key for ${target} do not belong together`,
];

const EXPLAINED = new Map<string, Explain>([
  ['ENOENT', noSocket],
  ['ENOTDIR', noSocket],
  ['ECONNREFUSED', refused],
  ['EACCES', noPermission],
  ['EPERM', noPermission],
  ['ENOTFOUND', noHost],
  ['EAI_AGAIN', noHost],
  ['EHOSTUNREACH', noRoute],
  ['ENETUNREACH', noRoute],
  ['ETIMEDOUT', noRoute],
  ['ECONNRESET', brokenOff],
  ['EPIPE', brokenOff],
  ['ERR_HTTP2_ERROR', foreign],
  ['ERR_SSL_WRONG_VERSION_NUMBER', noTls],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', untrusted],
  ['SELF_SIGNED_CERT_IN_CHAIN', untrusted],
  ['UNABLE_TO_GET_ISSUER_CERT', untrusted],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', untrusted],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', untrusted],
  ['CERT_SIGNATURE_FAILURE', untrusted],
  ['CERT_HAS_EXPIRED', outdated],
  ['CERT_NOT_YET_VALID', outdated],
  ['ERR_TLS_CERT_ALTNAME_INVALID', otherName],
  ['ERR_OSSL_X509_KEY_VALUES_MISMATCH', otherKey],
]);

function isNoSocket(target: string): boolean {
  try {
    return lstatSync(target, { throwIfNoEntry: false })?.isSocket() === false;
  } catch {
    // It may not be looked at: then nothing is known.
    return false;
  }
}
