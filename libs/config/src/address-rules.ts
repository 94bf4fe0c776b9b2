import { describe, type Fault } from './config-problems.js';
import { valueAt } from './known-keys.js';

/** Where the services serve /metrics and /health when the file does not say it. */
const SERVED = [
  { section: 'persist.monitoring', prometheus: '127.0.0.1:9092', health: '127.0.0.1:9093' },
  { section: 'state.monitoring', prometheus: '127.0.0.1:9094', health: '127.0.0.1:9095' },
];

/** A service cannot serve both on one address. */
export function addressFaults(known: unknown): Fault[] {
  return SERVED.flatMap(({ section, ...defaults }) => {
    const [prometheus, health] = (['prometheus', 'health'] as const).map((key) => {
      const path = [...section.split('.'), key];
      const given = valueAt(known, path);
      return { path, isGiven: given !== undefined, address: given ?? defaults[key] };
    });
    if (!isSameAddress(prometheus.address, health.address)) return [];
    // The one that the file names; a default cannot be wrong.
    const [wrong, right] = health.isGiven ? [health, prometheus] : [prometheus, health];
    const expected = `another address than ${right.path.join('.')} (${describe(right.address)})`;
    return [{ path: wrong.path, found: describe(wrong.address), expected }];
  });
}

function isSameAddress(one: unknown, other: unknown): boolean {
  const [ours, theirs] = [hostAndPort(one), hostAndPort(other)];
  if (ours === undefined || theirs === undefined || ours.port !== theirs.port || ours.port === 0)
    return false;
  return ours.host === theirs.host || [ours.host, theirs.host].some((host) => EVERY_HOST.includes(host));
}

/** All interfaces, one of which is that of any other address. */
const EVERY_HOST = ['', '0.0.0.0', '[::]'];

/** undefined: off, or no address. */
function hostAndPort(address: unknown): { readonly host: string; readonly port: number } | undefined {
  const [, host, port] = (typeof address === 'string' && /^(.*):(\d+)$/s.exec(address)) || [];
  return host === undefined ? undefined : { host: host.toLowerCase(), port: Number(port) };
}
