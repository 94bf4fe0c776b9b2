import { join, resolve } from 'node:path';
import { addressFaults } from './address-rules.js';
import { describe, type Fault } from './config-problems.js';
import { folderFaults } from './folder-rules.js';
import { isSection, valueAt } from './known-keys.js';
import { CLOUDWATCH_DIMENSIONS_MAX } from './limits.js';
import type { Places } from './places.js';
import { tlsOf } from './tls-material.js';

// What must hold between keys. A value that is wrong by itself counts as absent: the schema tells it.

/** What the file gives at a dotted path; "" counts as nothing. */
export type TextAt = (path: string) => string | undefined;

export function ruleFaults(known: unknown, given: unknown, places: Places): Fault[] {
  const textAt: TextAt = (path) => {
    const value = valueAt(known, path.split('.'));
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const chosen = chosenStores(known);
  return [
    ...socketFaults(textAt, places),
    ...addressFaults(known),
    ...folderFaults(textAt, chosen, places),
    ...storeFaults(textAt, chosen, given),
    ...dimensionFaults(known),
    ...stateFaults(textAt),
    ...tlsFaults(textAt),
  ];
}

/** Two services cannot listen on one path. */
function socketFaults(textAt: TextAt, { folder, baseDir, persistSocket }: Places): Fault[] {
  const sockets = [
    ['persist.ipc.socket', persistSocket],
    ['persist.server.grpc_socket', join(baseDir, 'run/persist-grpc.sock')],
    ['state.socket', join(baseDir, 'run/state-ipc.sock')],
  ].map(([name, fallback]) => {
    const named = textAt(name);
    return { name, isNamed: named !== undefined, path: resolve(folder, named ?? fallback) };
  });
  return sockets.flatMap((one, index) =>
    sockets.slice(index + 1).flatMap((other) => {
      if (one.path !== other.path) return [];
      // The one that the file names; a default cannot be wrong.
      const [wrong, right] = other.isNamed ? [other, one] : [one, other];
      return [
        {
          path: wrong.name.split('.'),
          found: describe(wrong.path),
          expected: `another path than ${right.name}`,
        },
      ];
    }),
  );
}

/** The store that is chosen, and those that several stores consist of. */
function chosenStores(known: unknown): ReadonlyMap<string, readonly string[]> {
  const typePath = ['persist', 'storage', 'type'];
  const type = valueAt(known, typePath);
  const chosen = new Map<string, readonly string[]>();
  if (type === undefined) chosen.set('local', typePath);
  if (typeof type === 'string') chosen.set(type, typePath);
  const backendsPath = ['persist', 'storage', 'multi', 'backends'];
  const backends = valueAt(known, backendsPath);
  if (type === 'multi' && Array.isArray(backends)) {
    for (const name of backends) if (typeof name === 'string') chosen.set(name, backendsPath);
  }
  return chosen;
}

function storeFaults(
  textAt: TextAt,
  chosen: ReadonlyMap<string, readonly string[]>,
  given: unknown,
): Fault[] {
  const faults: Fault[] = [];
  for (const name of ['cloudwatch', 's3']) {
    const at = chosen.get(name);
    if (at === undefined) continue;
    const nodeId = valueAt(given, ['server', 'nodeId']);
    if (nodeId === undefined || nodeId === '') {
      faults.push(missing('server.nodeId', `the name of this machine, which the ${name} store needs`, at));
      break;
    }
  }
  const s3 = chosen.get('s3');
  for (const key of s3 ? ['bucket', 'region'] : []) {
    const path = `persist.storage.s3.${key}`;
    if (textAt(path) === undefined) faults.push(missing(path, `a ${key}, which the s3 store needs`, s3));
  }
  const multi = valueAt(given, ['persist', 'storage', 'multi', 'backends']);
  if (chosen.has('multi') && (multi === undefined || (Array.isArray(multi) && multi.length === 0))) {
    const path = 'persist.storage.multi.backends';
    faults.push(missing(path, 'the stores that the multi store consists of', chosen.get('multi')));
  }
  if (
    textAt('persist.storage.s3.kms_key_id') !== undefined &&
    textAt('persist.storage.s3.sse') !== 'aws:kms'
  ) {
    faults.push({
      path: ['persist', 'storage', 's3', 'kms_key_id'],
      found: 'a key',
      expected: 'sse: aws:kms beside it',
    });
  }
  return faults;
}

function dimensionFaults(known: unknown): Fault[] {
  const path = ['persist', 'storage', 'cloudwatch', 'metric_dimensions'];
  const dimensions = valueAt(known, path);
  if (!isSection(dimensions)) return [];
  const names = Object.keys(dimensions);
  const faults: Fault[] = names.flatMap((name) => {
    const isTaken = ['JobID', 'NodeID'].includes(name);
    if (!isTaken && /^[\x21-\x39\x3b-\x7e][\x20-\x7e]{0,254}$/.test(name)) return [];
    const expected = isTaken
      ? 'another name: this one is set by persist'
      : 'a name of 1 to 255 ASCII characters that does not begin with :';
    return [{ path: [...path, name], found: describe(name), expected }];
  });
  if (names.length > CLOUDWATCH_DIMENSIONS_MAX) {
    const expected = `at most ${CLOUDWATCH_DIMENSIONS_MAX} (CloudWatch takes 30, two are JobID and NodeID)`;
    faults.push({ path, found: `${names.length} dimensions`, expected });
  }
  return faults;
}

function stateFaults(textAt: TextAt): Fault[] {
  const needs: Partial<Record<string, readonly [path: string, what: string]>> = {
    redis: ['state.storage.redis.endpoint', 'host:port or a redis:// URL'],
    postgres: ['state.storage.postgres.url', 'a postgres:// URL'],
  };
  const backend = textAt('state.backend') ?? 'memory';
  const need = Object.hasOwn(needs, backend) ? needs[backend] : undefined;
  if (need === undefined || textAt(need[0]) !== undefined) return [];
  return [missing(need[0], `${need[1]}, which the ${backend} backend needs`, ['state', 'backend'])];
}

/** A certificate without its key is of no use, and a TCP address without both would be open to everybody. */
function tlsFaults(textAt: TextAt): Fault[] {
  const section = 'persist.server.tls';
  const faults: Fault[] = [];
  for (const [one, other] of [
    ['cert_file', 'key_file'],
    ['key_file', 'cert_file'],
  ]) {
    if (textAt(`${section}.${one}`) !== undefined && textAt(`${section}.${other}`) === undefined) {
      const at = `${section}.${one}`.split('.');
      faults.push(missing(`${section}.${other}`, `a path, because ${one} is given`, at));
    }
  }
  if (textAt('persist.server.grpc_address') === undefined) return faults;
  const at = ['persist', 'server', 'grpc_address'];
  const { cert, key, ca } = tlsOf(textAt);
  const because = 'because grpc_address is given: TCP is always with TLS';
  if (faults.length === 0) {
    if (cert === undefined)
      faults.push(missing(`${section}.cert_file`, `a path, or security.serverCert, ${because}`, at));
    if (key === undefined)
      faults.push(missing(`${section}.key_file`, `a path, or security.serverKey, ${because}`, at));
  }
  if (ca === undefined && textAt(`${section}.client_auth`) !== 'none') {
    faults.push(
      missing(`${section}.ca_file`, `a path, or security.caCert, or client_auth: none, ${because}`, at),
    );
  }
  for (const [material, path, label] of [
    [cert, 'security.serverCert', 'CERTIFICATE'],
    [key, 'security.serverKey', 'PRIVATE KEY'],
    [ca, 'security.caCert', 'CERTIFICATE'],
  ] as const) {
    if (material?.pem === undefined || new RegExp(`-----BEGIN [A-Z ]*${label}-----`).test(material.pem))
      continue;
    faults.push({
      path: path.split('.'),
      found: 'text that is not shown',
      expected: `PEM text of a ${label.toLowerCase()}`,
    });
  }
  return faults;
}

function missing(path: string, expected: string, at: readonly string[] = path.split('.')): Fault {
  return { path: path.split('.'), found: 'nothing', expected, at };
}
